//! What the servers and the database tell of one task.

use futures::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::postgres::{self, Databases};
use super::servers::{Server, Servers};
use crate::evidence::{Canary, Reading, Unseen};

/// Reads a task through every server and in the database, once it moves no more.
///
/// # Errors
/// The query that failed.
pub(super) async fn look_back(
    servers: &Servers,
    pool: &Databases,
    canary: &mut Canary,
) -> Result<(), Unseen> {
    if let Ok(correlation) = canary.correlation_id.parse() {
        canary.tasks_of_correlation =
            Some(postgres::tasks_of_correlation(pool, correlation).await?);
    }
    let uuid = canary.create.task_uuid().and_then(|task| task.parse().ok());
    let Some(uuid) = uuid else {
        return Ok(());
    };
    canary.last_readings = read_everywhere(servers, &servers.all, &Uuid::to_string(&uuid)).await;
    canary.steps = postgres::steps_of(pool, uuid, &canary.namespace).await?;
    canary.creator = postgres::creator_of(pool, uuid).await?;
    canary.in_database = Some(postgres::task_exists(pool, uuid).await?);
    let state = postgres::settled_states(pool, &[uuid]).await?;
    canary.database_state = state.into_values().next();
    Ok(())
}

/// What each of these servers tells of the task.
pub(super) async fn read_everywhere(
    servers: &Servers,
    to_read: &[Server],
    task: &str,
) -> Vec<Reading> {
    join_all(to_read.iter().map(|server| read(servers, server, task))).await
}

pub(super) async fn read(servers: &Servers, server: &Server, task: &str) -> Reading {
    let path = format!("/v1/tasks/{task}");
    let answer = servers
        .ask(server, &path, |client, url| client.get(url))
        .await;
    let (status, body) = match answer {
        Ok((status, bytes)) => (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ),
        Err(_) => (0, Value::Null),
    };
    let mut steps: Vec<(String, String)> = body["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|step| {
            let name = step["name"].as_str()?;
            Some((name.to_owned(), step["current_state"].as_str()?.to_owned()))
        })
        .collect();
    steps.sort();
    Reading {
        via: server.id.clone(),
        status,
        state: body["status"].as_str().map(str::to_owned),
        steps,
    }
}
