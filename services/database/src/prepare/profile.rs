//! When which profile of the engine began to work on this database: a history is judged by the profile it comes from.

use instance::Failure;
use sqlx::{Executor, PgConnection};

use super::failed;
use crate::settings::Profile;

/// Writes down `profile` where it is another than the last.
pub async fn record(
    database: &mut PgConnection,
    profile: Profile,
) -> Result<Option<String>, Failure> {
    let doing = "writing down the profile";
    database
        .execute(
            "CREATE SCHEMA IF NOT EXISTS tasker_cluster; \
             CREATE TABLE IF NOT EXISTS tasker_cluster.profile \
             (began_at timestamptz PRIMARY KEY DEFAULT clock_timestamp(), profile text NOT NULL)",
        )
        .await
        .map_err(failed(doing))?;
    let last: Option<String> = sqlx::query_scalar(
        "SELECT profile FROM tasker_cluster.profile ORDER BY began_at DESC LIMIT 1",
    )
    .fetch_optional(&mut *database)
    .await
    .map_err(failed(doing))?;
    if last.as_deref() == Some(profile.name()) {
        return Ok(None);
    }
    sqlx::query("INSERT INTO tasker_cluster.profile (profile) VALUES ($1)")
        .bind(profile.name())
        .execute(database)
        .await
        .map_err(failed(doing))?;
    Ok(last.map(|last| format!("profile {} after {last}", profile.name())))
}
