//! The connection to the cluster's database.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::evidence::Unseen;
use crate::project::Project;
use crate::topology::Topology;

/// Connects as the cluster's role with the password from the state folder.
///
/// # Errors
/// Why the database cannot be looked at.
pub async fn connect(project: &Project, topology: &Topology) -> Result<PgPool, Unseen> {
    let password = password(project)?;
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(topology.database.port)
        .username(&topology.database.role)
        .password(&password)
        .database(&topology.database.name)
        .application_name("cluster-verify");
    PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .map_err(|error| {
            let port = topology.database.port;
            Unseen::new("the database", format!("127.0.0.1:{port}: {error}"))
        })
}

/// The address of the database for other programs, with the password in it.
///
/// # Errors
/// There is no password yet.
pub fn url(project: &Project, topology: &Topology) -> Result<String, Unseen> {
    let password = password(project)?;
    let database = &topology.database;
    Ok(format!(
        "postgresql://{}:{password}@127.0.0.1:{}/{}",
        database.role, database.port, database.name
    ))
}

fn password(project: &Project) -> Result<String, Unseen> {
    let file = project.state.join("database.password");
    let password = std::fs::read_to_string(&file).map_err(|error| {
        let why = format!(
            "{}: {error}; has the cluster ever been started?",
            file.display()
        );
        Unseen::new("the database", why)
    })?;
    Ok(password.trim().to_owned())
}
