//! The connections to the cluster's databases.

use std::ops::Deref;
use std::time::Duration;

use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::evidence::Unseen;
use crate::project::Project;
use crate::topology::Topology;

/// What a look waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server allows each query: somebody who holds a lock on a table, or a server that is not equal to its
/// work, must not hold up the verdict for ever. History is read a few hundred tasks at a time, in milliseconds; even
/// the walk over all tasks that cuts it up takes seconds where there are millions.
const DEADLINES: &str = "SET lock_timeout = '5s'; SET statement_timeout = '60s'";

/// The engine's database. Its queues are in it too, or in one of their own.
///
/// Whoever asks of tasks alone takes this for the pool of their database.
#[derive(Debug, Clone)]
pub struct Databases {
    tasks: PgPool,
    pub queues: PgPool,
    /// The databases' names, each once.
    pub names: Vec<String>,
}

impl Deref for Databases {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.tasks
    }
}

impl Databases {
    pub fn is_split(&self) -> bool {
        self.names.len() > 1
    }

    pub async fn close(&self) {
        self.tasks.close().await;
        self.queues.close().await;
    }
}

/// Connects as the cluster's role with the password from the state folder.
///
/// # Errors
/// Why a database cannot be looked at.
pub async fn connect(project: &Project, topology: &Topology) -> Result<Databases, Unseen> {
    let database = &topology.database;
    let tasks = pool(project, topology, &database.name, 4).await?;
    let mut names = vec![database.name.clone()];
    let queues = match &database.queues {
        Some(name) => {
            names.push(name.clone());
            pool(project, topology, name, 2).await?
        }
        None => tasks.clone(),
    };
    Ok(Databases {
        tasks,
        queues,
        names,
    })
}

/// Connects to the databases of a cluster that this project did not start.
///
/// # Errors
/// Why a database cannot be looked at; without its address, in which a password may stand.
pub async fn connect_to(tasks: &str, queues: Option<&str>) -> Result<Databases, Unseen> {
    let open = |url: String| async move {
        let failed = |error: sqlx::Error| Unseen::new("the database", error.to_string());
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        let options = options.application_name("cluster-verify");
        let name = options.get_database().unwrap_or("postgres").to_owned();
        Ok((open_pool(options, 4).await.map_err(failed)?, name))
    };
    let (pool, name) = open(tasks.to_owned()).await?;
    let mut databases = Databases {
        tasks: pool.clone(),
        queues: pool,
        names: vec![name],
    };
    if let Some(queues) = queues {
        let (pool, name) = open(queues.to_owned()).await?;
        databases.queues = pool;
        if !databases.names.contains(&name) {
            databases.names.push(name);
        }
    }
    Ok(databases)
}

async fn pool(
    project: &Project,
    topology: &Topology,
    name: &str,
    size: u32,
) -> Result<PgPool, Unseen> {
    let password = password(project)?;
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(topology.database.port)
        .username(&topology.database.role)
        .password(&password)
        .database(name)
        .application_name("cluster-verify");
    open_pool(options, size).await.map_err(|error| {
        let port = topology.database.port;
        Unseen::new("the database", format!("127.0.0.1:{port}/{name}: {error}"))
    })
}

async fn open_pool(options: PgConnectOptions, size: u32) -> sqlx::Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        // Not as parameters of the start, which poolers in between refuse.
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(DEADLINES).await.map(drop) })
        })
        .connect_with(options)
        .await
}

/// The addresses of the databases for other programs, with the password in them.
///
/// # Errors
/// There is no password yet.
pub fn urls(project: &Project, topology: &Topology) -> Result<Vec<(String, String)>, Unseen> {
    let password = password(project)?;
    let database = &topology.database;
    let url = |name: &str| {
        let (role, port) = (&database.role, database.port);
        format!("postgresql://{role}:{password}@127.0.0.1:{port}/{name}")
    };
    let mut urls = vec![("DATABASE_URL".to_owned(), url(&database.name))];
    if let Some(queues) = &database.queues {
        urls.push(("PGMQ_DATABASE_URL".to_owned(), url(queues)));
    }
    Ok(urls)
}

/// What PostgreSQL's own programs read to reach the database of the tasks, or that of the queues.
///
/// # Errors
/// There is no password yet.
pub fn variables(
    project: &Project,
    topology: &Topology,
    queues: bool,
) -> Result<[(&'static str, String); 5], Unseen> {
    let database = &topology.database;
    let queues = database.queues.as_ref().filter(|_| queues);
    Ok([
        ("PGHOST", "127.0.0.1".to_owned()),
        ("PGPORT", database.port.to_string()),
        ("PGUSER", database.role.clone()),
        ("PGPASSWORD", password(project)?),
        ("PGDATABASE", queues.unwrap_or(&database.name).clone()),
    ])
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
