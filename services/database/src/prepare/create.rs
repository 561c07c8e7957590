//! Role, database and extension. Each function says what it changed, or nothing.

use instance::Failure;
use sqlx::{Executor, PgConnection};

use super::failed;
use crate::connect::ROLE;

/// The engine's migrations create an event trigger, which only a superuser may.
pub async fn ensure_role(server: &mut PgConnection) -> Result<(), Failure> {
    let superuser: bool =
        sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            .fetch_one(server)
            .await
            .map_err(failed("looking at the role"))?;
    if superuser {
        return Ok(());
    }
    Err(Failure::configuration(format!(
        "the role `{ROLE}` is no superuser, which the engine's migrations need: run ALTER ROLE {ROLE} SUPERUSER"
    )))
}

/// Creates the database `name`.
pub async fn database(server: &mut PgConnection, name: &str) -> Result<Option<String>, Failure> {
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut *server)
            .await
            .map_err(failed("looking for the database"))?;
    if exists {
        return Ok(None);
    }
    // The name has been checked: letters, digits and underscores.
    match server
        .execute(format!("CREATE DATABASE \"{name}\" OWNER {ROLE}").as_str())
        .await
    {
        Ok(_) => Ok(Some("created".to_owned())),
        // Somebody else was faster.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P04") => Ok(None),
        Err(error) => Err(failed("creating the database")(error)),
    }
}

/// Installs PGMQ, and first the schema of the role: without it the table of migrations would go to `public`, and a
/// second run, which then has the schema, would not find it.
pub async fn extension(database: &mut PgConnection) -> Result<Option<String>, Failure> {
    let installed: Option<String> =
        sqlx::query_scalar("SELECT extversion FROM pg_extension WHERE extname = 'pgmq'")
            .fetch_optional(&mut *database)
            .await
            .map_err(failed("looking for the extension"))?;
    if installed.is_some() {
        return Ok(None);
    }
    let available: Option<String> = sqlx::query_scalar(
        "SELECT default_version FROM pg_available_extensions WHERE name = 'pgmq'",
    )
    .fetch_optional(&mut *database)
    .await
    .map_err(failed("looking for the extension"))?;
    let Some(version) = available else {
        return Err(Failure::configuration(
            "PostgreSQL does not have the extension pgmq: set TASKER_PGMQ_EXTENSION_PATH to the folder that has it and start the \
             database again",
        ));
    };
    database
        .execute("CREATE EXTENSION IF NOT EXISTS pgmq CASCADE")
        .await
        .map_err(failed("installing the extension pgmq"))?;
    Ok(Some(format!("extension pgmq {version} installed")))
}
