//! What the servers and the database tell of one task.

use futures::StreamExt;
use futures::future::join_all;
use serde_json::Value;

use super::postgres::{self, Databases};
use super::servers::{Server, Servers};
use crate::evidence::{Canary, Reading, Unseen};

/// Tasks that are read at a time.
const AT_ONCE: usize = 3;

/// Reads the tasks through every server and in the database, once they move no more.
///
/// # Errors
/// The query that failed.
pub(super) async fn look_back(
    servers: &Servers,
    pool: &Databases,
    canaries: &mut [Canary],
) -> Result<(), Unseen> {
    let reads = canaries.iter_mut().map(|canary| async move {
        if let Some(task) = canary.create.task_uuid() {
            canary.last_readings = read_everywhere(servers, &servers.all, task).await;
        }
    });
    let reads = futures::stream::iter(reads).buffer_unordered(AT_ONCE);
    reads.collect::<()>().await;
    postgres::look_back(pool, canaries).await
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::collect::stand_in::{Manner, with_tasks};

    #[tokio::test]
    async fn whatever_a_server_answers_of_a_task_is_read_in_time_and_is_no_state() {
        let urls = Manner::BAD.map(|manner| with_tasks(manner).url);
        let servers = Servers::at(&urls, Duration::ZERO);
        let begun = Instant::now();

        let readings = read_everywhere(&servers, &servers.all, "task").await;
        // Whoever let the first look wait is not waited for again.
        let again = read_everywhere(&servers, &servers.all, "task").await;

        let took = begun.elapsed();
        assert!(took < Duration::from_secs(9), "{took:?}");
        for (reading, manner) in readings.iter().chain(&again).zip(Manner::BAD.repeat(2)) {
            let status = match manner {
                Manner::Says(..) => 200,
                _ => 0,
            };
            assert_eq!(reading.status, status, "{manner:?}");
            assert!(
                reading.state.is_none() && reading.steps.is_empty(),
                "{manner:?}"
            );
        }
    }
}
