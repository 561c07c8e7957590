//! What the database says of the canaries.

use std::collections::BTreeMap;

use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::{CanaryStep, Unseen};

/// The present state of each of these tasks.
///
/// # Errors
/// The query that failed.
pub async fn settled_states(
    pool: &PgPool,
    tasks: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, Unseen> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT task_uuid, to_state FROM tasker.task_transitions \
         WHERE most_recent AND task_uuid = ANY($1)",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await
    .map_err(unseen("the states of the canaries"))?;
    Ok(rows.into_iter().collect())
}

/// The task that a create left behind although it was answered with an error.
///
/// # Errors
/// The query that failed.
pub async fn task_of_correlation(pool: &PgPool, correlation: Uuid) -> Result<Option<Uuid>, Unseen> {
    let row: Option<(Uuid,)> =
        sqlx::query_as("SELECT task_uuid FROM tasker.tasks WHERE correlation_id = $1")
            .bind(correlation)
            .fetch_optional(pool)
            .await
            .map_err(unseen("the task of a correlation id"))?;
    Ok(row.map(|(task,)| task))
}

/// How many tasks were created with a correlation id.
///
/// # Errors
/// The query that failed.
pub async fn tasks_of_correlation(pool: &PgPool, correlation: Uuid) -> Result<u64, Unseen> {
    let (count,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM tasker.tasks WHERE correlation_id = $1")
            .bind(correlation)
            .fetch_one(pool)
            .await
            .map_err(unseen("the tasks of a correlation id"))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Domain events in the namespace's queue that carry a correlation id, by name.
///
/// # Errors
/// The query that failed.
pub async fn events_of(
    databases: &Databases,
    namespace: &str,
    correlation: &str,
) -> Result<BTreeMap<String, u64>, Unseen> {
    let name = format!("{namespace}_domain_events").replace('"', "\"\"");
    let query = format!(
        "SELECT message->>'event_name', count(*) FROM ( \
             SELECT message FROM pgmq.\"q_{name}\" UNION ALL SELECT message FROM pgmq.\"a_{name}\") all_events \
         WHERE message->'metadata'->>'correlation_id' = $1 AND message ? 'event_name' GROUP BY 1"
    );
    let rows: Vec<(String, i64)> = sqlx::query_as(&query)
        .bind(correlation)
        .fetch_all(&databases.queues)
        .await
        .map_err(unseen("the domain events of a canary"))?;
    Ok(rows
        .into_iter()
        .map(|(name, count)| (name, u64::try_from(count).unwrap_or(0)))
        .collect())
}

/// Whether the tasks table has it.
///
/// # Errors
/// The query that failed.
pub async fn task_exists(pool: &PgPool, task: Uuid) -> Result<bool, Unseen> {
    let (exists,): (bool,) =
        sqlx::query_as("SELECT EXISTS (SELECT FROM tasker.tasks WHERE task_uuid = $1)")
            .bind(task)
            .fetch_one(pool)
            .await
            .map_err(unseen("the row of a canary"))?;
    Ok(exists)
}

/// The processor that first moved the task.
///
/// # Errors
/// The query that failed.
pub async fn creator_of(pool: &PgPool, task: Uuid) -> Result<Option<String>, Unseen> {
    let row: Option<(Uuid,)> = sqlx::query_as(
        "SELECT processor_uuid FROM tasker.task_transitions \
         WHERE task_uuid = $1 AND processor_uuid IS NOT NULL ORDER BY sort_key LIMIT 1",
    )
    .bind(task)
    .fetch_optional(pool)
    .await
    .map_err(unseen("the creator of a canary"))?;
    Ok(row.map(|(processor,)| processor.to_string()))
}

/// The steps of one task in the order of their creation.
///
/// # Errors
/// The query that failed.
pub async fn steps_of(
    databases: &Databases,
    task: Uuid,
    namespace: &str,
) -> Result<Vec<CanaryStep>, Unseen> {
    let rows = sqlx::query(
        "SELECT step.workflow_step_uuid, named.name, step.attempts, step.results, \
                transition.to_state, \
                ARRAY(SELECT audit.worker_uuid::text \
                      FROM tasker.workflow_step_result_audit audit \
                      WHERE audit.workflow_step_uuid = step.workflow_step_uuid \
                        AND audit.worker_uuid IS NOT NULL) AS workers \
         FROM tasker.workflow_steps step \
         JOIN tasker.named_steps named USING (named_step_uuid) \
         LEFT JOIN tasker.workflow_step_transitions transition \
           ON transition.workflow_step_uuid = step.workflow_step_uuid AND transition.most_recent \
         WHERE step.task_uuid = $1 ORDER BY step.workflow_step_uuid",
    )
    .bind(task)
    .fetch_all(&**databases)
    .await
    .map_err(unseen("the steps of a canary"))?;
    let waiting = waiting_steps(&databases.queues, task, namespace)
        .await
        .unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| {
            let step: Uuid = row.get("workflow_step_uuid");
            CanaryStep {
                step_uuid: step.to_string(),
                name: row.get("name"),
                state: row.get::<Option<String>, _>("to_state").unwrap_or_default(),
                attempts: row.get::<Option<i32>, _>("attempts").unwrap_or(0).into(),
                workers: row.get("workers"),
                message_waiting: waiting.contains(&step.to_string()),
                result: row.get("results"),
            }
        })
        .collect())
}

/// Steps of the task that a message in the namespace's queue names.
async fn waiting_steps(
    pool: &PgPool,
    task: Uuid,
    namespace: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let table = format!("\"q_worker_{}_queue\"", namespace.replace('"', "\"\""));
    let query =
        format!("SELECT message->>'step_uuid' FROM pgmq.{table} WHERE message->>'task_uuid' = $1");
    let rows: Vec<(Option<String>,)> = sqlx::query_as(&query)
        .bind(task.to_string())
        .fetch_all(pool)
        .await?;
    Ok(rows.into_iter().filter_map(|(step,)| step).collect())
}
