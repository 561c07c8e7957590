//! Connections to the server that `serve` started.

use std::time::Duration;

use instance::Failure;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::password;
use crate::settings::Settings;

/// The role that owns everything. The engine's migrations and queries rely on this very name.
pub const ROLE: &str = "tasker";

/// How to reach `database`.
pub fn options(settings: &Settings, database: &str) -> Result<PgConnectOptions, Failure> {
    Ok(PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(settings.port)
        .username(ROLE)
        .password(&password::read(&settings.state)?)
        .database(database)
        .application_name("cluster-database"))
}

/// Connects, or says what to do about it.
pub async fn connect(settings: &Settings, database: &str) -> Result<PgConnection, Failure> {
    let options = options(settings, database)?;
    match tokio::time::timeout(Duration::from_secs(5), PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some("28P01") => {
            Err(Failure::configuration(format!(
                "the server on 127.0.0.1:{} does not take the password in {}: another cluster's server has this port, or the file \
             was replaced",
                settings.port,
                password::path(&settings.state).display()
            )))
        }
        Ok(Err(error)) => Err(unreachable(settings, &error.to_string())),
        Err(_) => Err(unreachable(settings, "no answer within 5 s")),
    }
}

fn unreachable(settings: &Settings, reason: &str) -> Failure {
    Failure::other(format!(
        "PostgreSQL on 127.0.0.1:{} does not answer ({reason}): start it with `cluster-database serve`",
        settings.port
    ))
}

/// A runtime for a command that does one thing after another.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("no runtime: {error}")))
}
