//! The engine's own migrations, by its own migrator.

use std::borrow::Cow;

use instance::Failure;
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{Executor, PgConnection};
use tasker_shared::database::migrator::MIGRATOR;

use super::failed;

/// Which of the engine's migrations a database takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All: tasks and queues share a database.
    Whole,
    /// Those for the queues.
    Queues,
    /// The rest.
    Tasks,
}

impl Part {
    pub fn has_queues(self) -> bool {
        self != Self::Tasks
    }

    pub fn has_tasks(self) -> bool {
        self != Self::Queues
    }

    /// The engine tells them apart by this word in the description.
    fn takes(self, migration: &Migration) -> bool {
        let queues = migration.description.contains("pgmq");
        match self {
            Self::Whole => true,
            Self::Queues => queues,
            Self::Tasks => !queues,
        }
    }
}

/// Runs what has not been run.
pub async fn run(
    database: &mut PgConnection,
    name: &str,
    part: Part,
) -> Result<Option<String>, Failure> {
    // Before the migrator makes its table: without the schema of the role it would go to `public`, and the next run,
    // which then has the schema, would make another one there.
    database
        .execute("CREATE SCHEMA IF NOT EXISTS tasker")
        .await
        .map_err(failed("creating the schema tasker"))?;
    let migrations: Vec<Migration> = MIGRATOR
        .iter()
        .filter(|migration| part.takes(migration))
        .cloned()
        .collect();
    let before = applied(database).await?;
    let migrator = Migrator {
        migrations: Cow::Owned(migrations),
        ..Migrator::DEFAULT
    };
    migrator
        .run(&mut *database)
        .await
        .map_err(|error| explain(name, &error))?;
    match applied(database).await? - before {
        0 => Ok(None),
        1 => Ok(Some("1 migration run".to_owned())),
        count => Ok(Some(format!("{count} migrations run"))),
    }
}

async fn applied(database: &mut PgConnection) -> Result<i64, Failure> {
    let table: bool =
        sqlx::query_scalar("SELECT to_regclass('tasker._sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut *database)
            .await
            .map_err(failed("looking for migrations"))?;
    if !table {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT count(*) FROM tasker._sqlx_migrations WHERE success")
        .fetch_one(database)
        .await
        .map_err(failed("counting migrations"))
}

fn explain(name: &str, error: &MigrateError) -> Failure {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
            Failure::configuration(format!(
                "database {name} was prepared by another release of the engine ({error}): set TASKER_POSTGRES_DATABASE to a new name, \
             or stop the cluster and remove its state folder"
            ))
        }
        _ => Failure::other(format!(
            "the engine's migrations failed in database {name}: {error}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_together_are_the_whole() {
        let count = |part: Part| {
            MIGRATOR
                .iter()
                .filter(|migration| part.takes(migration))
                .count()
        };

        assert_eq!(count(Part::Queues) + count(Part::Tasks), count(Part::Whole));
        assert!(count(Part::Queues) > 0 && count(Part::Tasks) > 0);
    }
}
