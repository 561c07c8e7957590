//! Since when the engine's present profile has worked on this database; `cluster-database prepare` writes it down.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::collect::postgres::unseen;
use crate::evidence::Unseen;

/// When the present profile began; none where there was no other before, or nobody wrote it down.
///
/// # Errors
/// The query that failed.
pub async fn began(pool: &PgPool) -> Result<Option<DateTime<Utc>>, Unseen> {
    let look = unseen("since when the profile is the present one");
    let written: bool =
        sqlx::query_scalar("SELECT to_regclass('tasker_cluster.profile') IS NOT NULL")
            .fetch_one(pool)
            .await
            .map_err(&look)?;
    if !written {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(began_at) FROM tasker_cluster.profile HAVING count(*) > 1")
        .fetch_optional(pool)
        .await
        .map_err(&look)
}
