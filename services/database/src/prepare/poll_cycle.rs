//! How long a read waits on an empty queue: PGMQ's own function for profile `stock`, ours for `polling`.

use instance::Failure;
use sqlx::{Connection, Executor, PgConnection};

use super::failed;
use crate::settings::Profile;

const REPLACEMENT: &str = include_str!("read_with_poll.sql");
/// Part of the body of every function of ours.
const OURS: &str = "tasker-cluster: profile polling";
/// Part of the body of the one above.
const CURRENT: &str = "tasker-cluster: profile polling, 50 ms";
const SIGNATURE: &str = "pgmq.read_with_poll(text, integer, integer, integer, integer, jsonb)";

/// Puts the function of `profile` in place.
pub async fn set(database: &mut PgConnection, profile: Profile) -> Result<Option<String>, Failure> {
    let doing = "setting the poll cycle";
    let mut transaction = database.begin().await.map_err(failed(doing))?;
    let definition: Option<String> =
        sqlx::query_scalar("SELECT pg_get_functiondef(to_regprocedure($1))")
            .bind(SIGNATURE)
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed(doing))?;
    let Some(definition) = definition else {
        return Err(Failure::configuration(format!(
            "the installed pgmq has no {SIGNATURE}, which profile `polling` replaces: install pgmq 1.5 or newer"
        )));
    };
    let ours = definition.contains(OURS);
    let change = match (profile, ours) {
        (Profile::Stock, false) => None,
        (Profile::Polling, true) if definition.contains(CURRENT) => None,
        (Profile::Polling, _) => {
            if !ours {
                keep(&mut transaction, &definition)
                    .await
                    .map_err(failed(doing))?;
            }
            transaction
                .execute(REPLACEMENT)
                .await
                .map_err(failed(doing))?;
            Some("profile polling: a read of an empty queue gives up after 50 ms".to_owned())
        }
        (Profile::Stock, true) => {
            let original: String = sqlx::query_scalar(
                "DELETE FROM tasker_cluster.replaced_function RETURNING definition",
            )
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed(doing))?;
            transaction
                .execute(original.as_str())
                .await
                .map_err(failed(doing))?;
            Some("profile stock: PGMQ's own read is back".to_owned())
        }
    };
    transaction.commit().await.map_err(failed(doing))?;
    Ok(change)
}

/// Keeps PGMQ's own function, as its installed version has it, for the way back.
async fn keep(database: &mut PgConnection, definition: &str) -> sqlx::Result<()> {
    database
        .execute("CREATE SCHEMA IF NOT EXISTS tasker_cluster")
        .await?;
    database
        .execute("CREATE TABLE IF NOT EXISTS tasker_cluster.replaced_function (signature text PRIMARY KEY, definition text NOT NULL)")
        .await?;
    sqlx::query("INSERT INTO tasker_cluster.replaced_function VALUES ($1, $2) ON CONFLICT (signature) DO UPDATE SET definition = $2")
        .bind(SIGNATURE)
        .bind(definition)
        .execute(database)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replacement_is_known_again() {
        assert!(REPLACEMENT.contains(CURRENT));
        assert!(CURRENT.contains(OURS));
    }
}
