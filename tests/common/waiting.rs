//! Waiting for a condition, and for tasks.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use cluster_verify::collect::canary::AT_REST;
use cluster_verify::collect::postgres;
use sqlx::PgPool;
use tasker_client::OrchestrationApiClient;
use tasker_shared::types::api::orchestration::TaskResponse;
use uuid::Uuid;

use crate::OrchestrationCluster;

/// One look at a task costs a server several queries.
const LOOK: Duration = Duration::from_millis(200);

/// Asks until it succeeds.
///
/// # Errors
/// What it failed with last when the time was up.
pub async fn wait_until<T, F: Future<Output = Result<T>>>(
    timeout: Duration,
    mut ask: impl FnMut() -> F,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(value) => return Ok(value),
            Err(error) if begun.elapsed() >= timeout => return Err(error),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Reads a task until it stays as it is: complete, failed, cancelled or resolved.
///
/// # Errors
/// It did not come to rest in time; the message has the state in which it was.
pub async fn wait_for_task_rest(
    client: &OrchestrationApiClient,
    task: Uuid,
    timeout: Duration,
) -> Result<TaskResponse> {
    let look = async || {
        let response = client.get_task(task).await?;
        if !AT_REST.contains(&response.status.as_str()) {
            bail!(
                "task {task} is {} with {} of {} steps complete: cluster-verify task {task}",
                response.status,
                response.completed_steps,
                response.total_steps
            );
        }
        Ok(response)
    };
    wait_until(timeout, look)
        .await
        .with_context(|| format!("not at rest within {timeout:?}"))
}

/// Waits until a task is complete.
///
/// # Errors
/// It is not in time, or came to rest in another state.
pub async fn wait_for_task_completion(
    client: &OrchestrationApiClient,
    task: Uuid,
    timeout: Duration,
) -> Result<TaskResponse> {
    let response = wait_for_task_rest(client, task, timeout).await?;
    if response.status != "complete" {
        bail!(
            "task {task} came to rest as {} and not complete: cluster-verify task {task}",
            response.status
        );
    }
    Ok(response)
}

/// The same, asking the servers in turn.
///
/// # Errors
/// It is not complete in time, or came to rest in another state.
pub async fn wait_for_task_completion_via_cluster(
    cluster: &OrchestrationCluster,
    task: Uuid,
    timeout: Duration,
) -> Result<TaskResponse> {
    let look = async || {
        // No waiting at one server: each look is another one's.
        wait_for_task_completion(cluster.get_client(), task, Duration::ZERO).await
    };
    wait_until(timeout, look).await
}

/// Waits until all of these tasks are at rest, by one query for all: asking the servers for each
/// would be a load of its own.
///
/// # Errors
/// Those that are not at rest in time, each with the state in which it is.
pub(crate) async fn wait_for_rest_of_all(
    pool: &PgPool,
    tasks: &[Uuid],
    timeout: Duration,
) -> Result<BTreeMap<Uuid, String>> {
    let look = async || {
        let states = postgres::settled_states(pool, tasks).await;
        let states = states.map_err(|unseen| anyhow!("{unseen}"))?;
        let open = tasks.iter().filter_map(|task| {
            let state = states
                .get(task)
                .map_or("not in the database", String::as_str);
            let at_rest = AT_REST.contains(&state);
            (!at_rest).then(|| format!("task {task} is {state}: cluster-verify task {task}"))
        });
        let open: Vec<String> = open.collect();
        if !open.is_empty() {
            bail!(
                "{} of {} tasks:\n{}",
                open.len(),
                tasks.len(),
                open.join("\n")
            );
        }
        Ok(states)
    };
    wait_until(timeout, look)
        .await
        .with_context(|| format!("not at rest within {timeout:?}"))
}

/// A task that has not moved for so long, and that no message names, moves no more.
const STANDS_STILL: f64 = 8.0;

/// A step's message that was read so often has come back once, and nobody could take the step up.
const CAME_BACK: i32 = 2;

/// Waits until each task is at rest or stranded, and returns the stranded ones: open, with no message
/// in a queue that would bring them on, and without a retry to wait for.
///
/// # Errors
/// Something still moves when the time is up.
pub async fn wait_for_rest_or_stranded(
    pool: &PgPool,
    namespace: &str,
    tasks: &[Uuid],
    timeout: Duration,
) -> Result<Vec<Uuid>> {
    let queue = format!("q_worker_{namespace}_queue").replace('"', "\"\"");
    let query = format!(
        "SELECT task.task_uuid, now.to_state, \
                EXTRACT(epoch FROM timezone('utc', now()) - greatest(now.created_at, \
                    (SELECT max(moved.created_at) FROM tasker.workflow_step_transitions moved \
                     JOIN tasker.workflow_steps step USING (workflow_step_uuid) \
                     WHERE step.task_uuid = task.task_uuid)))::float8 AS stands, \
                EXISTS (SELECT FROM pgmq.\"{queue}\" \
                        WHERE message->>'task_uuid' = task.task_uuid::text AND read_ct < {CAME_BACK}) \
                OR EXISTS (SELECT FROM pgmq.q_orchestration_step_results \
                           WHERE message->>'task_uuid' = task.task_uuid::text) \
                OR EXISTS (SELECT FROM tasker.workflow_step_transitions last \
                           JOIN tasker.workflow_steps step USING (workflow_step_uuid) \
                           WHERE step.task_uuid = task.task_uuid AND last.most_recent \
                             AND last.to_state = 'waiting_for_retry') AS will_move \
         FROM tasker.tasks task \
         JOIN tasker.task_transitions now ON now.task_uuid = task.task_uuid AND now.most_recent \
         WHERE task.task_uuid = ANY($1)"
    );
    wait_until(timeout, async || {
        let rows: Vec<(Uuid, String, f64, bool)> =
            sqlx::query_as(&query).bind(tasks).fetch_all(pool).await?;
        let open = rows.iter().filter(|(_, state, ..)| !AT_REST.contains(&state.as_str()));
        let (stranded, moving): (Vec<_>, Vec<_>) =
            open.partition(|(_, _, stands, will_move)| !will_move && *stands > STANDS_STILL);
        if let Some((task, state, ..)) = moving.first() {
            bail!(
                "{} of {} tasks, such as {task}, which is {state}, are not at rest: cluster-verify task {task}",
                moving.len(),
                tasks.len()
            );
        }
        Ok(stranded.iter().map(|(task, ..)| *task).collect())
    })
    .await
    .with_context(|| format!("after {timeout:?}"))
}
