//! Waiting for a condition, and for tasks.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use cluster_verify::collect::canary::AT_REST;
use cluster_verify::collect::postgres::{self, Databases};
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

/// A task that nothing happened to for so long is stranded in the verifier's words too.
pub const FORGOTTEN: Duration = Duration::from_secs(62);

/// Waits until all of these tasks are at rest or forgotten, by one query for all: asking the servers for
/// each would be a load of its own. Returns the state of each; whether one may be forgotten is for the
/// verifier to say.
///
/// # Errors
/// Those that still move when the time is up, each with the state in which it is.
pub(crate) async fn wait_for_rest_of_all(
    pool: &PgPool,
    tasks: &[Uuid],
    timeout: Duration,
) -> Result<BTreeMap<Uuid, String>> {
    let look = async || {
        let open = open_tasks(pool, tasks).await?;
        let moving = open
            .iter()
            .filter(|task| task.stands < FORGOTTEN.as_secs_f64());
        let moving: Vec<String> = moving
            .map(|open| {
                let (task, state) = (open.task, &open.state);
                format!("task {task} is {state}: cluster-verify task {task}")
            })
            .collect();
        if !moving.is_empty() {
            bail!(
                "{} of {} tasks:\n{}",
                moving.len(),
                tasks.len(),
                moving.join("\n")
            );
        }
        let states = postgres::settled_states(pool, tasks).await;
        let states = states.map_err(|unseen| anyhow!("{unseen}"))?;
        match tasks.iter().find(|task| !states.contains_key(task)) {
            Some(task) => bail!("task {task} is not in the database"),
            None => Ok(states),
        }
    };
    wait_until(timeout, look)
        .await
        .with_context(|| format!("not at rest within {timeout:?}"))
}

/// A step's message that was read so often has come back once, and nobody could take the step up.
const CAME_BACK: i32 = 2;

/// Waits until each task is at rest or stranded, and returns the stranded ones: open, unmoved for so
/// long, with no message in a queue that would bring them on, and without a retry to wait for.
///
/// # Errors
/// Something still moves when the time is up.
pub async fn wait_for_rest_or_stranded(
    databases: &Databases,
    namespaces: &[&str],
    tasks: &[Uuid],
    unmoved: Duration,
    timeout: Duration,
) -> Result<Vec<Uuid>> {
    wait_until(timeout, async || {
        // The queues last: a result that was taken since has moved its task.
        let open = open_tasks(databases, tasks).await?;
        let mut named = HashSet::new();
        for namespace in namespaces {
            named.extend(named_by_messages(&databases.queues, namespace, tasks).await?);
        }
        let (moving, stranded): (Vec<_>, Vec<_>) = open.into_iter().partition(|task| {
            task.waits || task.stands < unmoved.as_secs_f64() || named.contains(&task.task)
        });
        if let Some(first) = moving.first() {
            bail!(
                "{} of {} tasks, such as {}, which is {}, are not at rest: cluster-verify task {}",
                moving.len(),
                tasks.len(),
                first.task,
                first.state,
                first.task
            );
        }
        Ok(stranded.iter().map(|task| task.task).collect())
    })
    .await
    .with_context(|| format!("after {timeout:?}"))
}

#[derive(sqlx::FromRow)]
struct Open {
    task: Uuid,
    state: String,
    /// Seconds since the last transition of it or of a step, or since a retry was due: until then nobody has to
    /// move it, in the verifier's words too.
    stands: f64,
    /// A step waits for its retry.
    waits: bool,
}

async fn open_tasks(pool: &PgPool, tasks: &[Uuid]) -> Result<Vec<Open>> {
    let query = "SELECT present.task_uuid AS task, present.to_state AS state, \
                    extract(epoch FROM timezone('utc', now()) \
                        - greatest(present.created_at, max(step_present.created_at), \
                            max(coalesce(step.last_attempted_at + step.backoff_request_seconds * interval '1 second', \
                                step_present.created_at + interval '60 seconds')) \
                                FILTER (WHERE step_present.to_state = 'waiting_for_retry')))::float8 AS stands, \
                    coalesce(bool_or(step_present.to_state = 'waiting_for_retry'), false) AS waits \
                 FROM tasker.task_transitions present \
                 LEFT JOIN tasker.workflow_steps step ON step.task_uuid = present.task_uuid \
                 LEFT JOIN tasker.workflow_step_transitions step_present \
                     ON step_present.workflow_step_uuid = step.workflow_step_uuid AND step_present.most_recent \
                 WHERE present.most_recent AND present.task_uuid = ANY($1) AND present.to_state <> ALL($2) \
                 GROUP BY present.task_uuid, present.to_state, present.created_at";
    let rows = sqlx::query_as(query)
        .bind(tasks)
        .bind(AT_REST.map(str::to_owned));
    Ok(rows.fetch_all(pool).await?)
}

/// Tasks of which a step or a result waits to be delivered.
async fn named_by_messages(
    queues: &PgPool,
    namespace: &str,
    tasks: &[Uuid],
) -> Result<HashSet<Uuid>> {
    let queue = format!("q_worker_{namespace}_queue").replace('"', "\"\"");
    let query = format!(
        "SELECT message->>'task_uuid' FROM pgmq.\"{queue}\" \
         WHERE message->>'task_uuid' = ANY($1) AND read_ct < $2 \
         UNION SELECT message->>'task_uuid' FROM pgmq.q_orchestration_step_results \
         WHERE message->>'task_uuid' = ANY($1)"
    );
    let names: Vec<String> = tasks.iter().map(Uuid::to_string).collect();
    let rows: Vec<String> = sqlx::query_scalar(&query)
        .bind(names)
        .bind(CAME_BACK)
        .fetch_all(queues)
        .await?;
    Ok(rows.iter().filter_map(|task| task.parse().ok()).collect())
}
