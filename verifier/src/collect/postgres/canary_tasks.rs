//! What the database says of the canaries as a whole.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgPool;
use uuid::Uuid;

use super::canary_steps::steps_of_all;
use super::{Databases, unseen};
use crate::evidence::{Canary, Unseen};

/// Notes in each canary what the database has of it. One query a question, however many they are.
///
/// # Errors
/// The query that failed.
pub async fn look_back(databases: &Databases, canaries: &mut [Canary]) -> Result<(), Unseen> {
    let correlations = canaries.iter().map(|canary| &canary.correlation_id);
    let correlations: Vec<Uuid> = correlations.filter_map(|id| id.parse().ok()).collect();
    let created = counts_of_correlations(databases, &correlations).await?;
    let uuid = |canary: &Canary| canary.create.task_uuid()?.parse::<Uuid>().ok();
    let tasks: Vec<Uuid> = canaries.iter().filter_map(uuid).collect();
    let of_namespaces = canaries
        .iter()
        .filter_map(|canary| Some((uuid(canary)?, canary.namespace.as_str())));
    let mut steps = steps_of_all(databases, &of_namespaces.collect()).await?;
    let creators = creators_of(databases, &tasks).await?;
    let existing = existing(databases, &tasks).await?;
    let mut states = settled_states(databases, &tasks).await?;
    for canary in canaries {
        if let Ok(correlation) = canary.correlation_id.parse() {
            canary.tasks_of_correlation = Some(created.get(&correlation).copied().unwrap_or(0));
        }
        let Some(task) = uuid(canary) else { continue };
        canary.steps = steps.remove(&task).unwrap_or_default();
        canary.creator = creators.get(&task).map(Uuid::to_string);
        canary.in_database = Some(existing.contains(&task));
        canary.database_state = states.remove(&task);
    }
    Ok(())
}

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
    let counts = counts_of_correlations(pool, &[correlation]).await?;
    Ok(counts.get(&correlation).copied().unwrap_or(0))
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

async fn counts_of_correlations(
    pool: &PgPool,
    correlations: &[Uuid],
) -> Result<BTreeMap<Uuid, u64>, Unseen> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        "SELECT correlation_id, count(*) FROM tasker.tasks \
         WHERE correlation_id = ANY($1) GROUP BY 1",
    )
    .bind(correlations)
    .fetch_all(pool)
    .await
    .map_err(unseen("the tasks of correlation ids"))?;
    let count = |(id, count): (Uuid, i64)| (id, u64::try_from(count).unwrap_or(0));
    Ok(rows.into_iter().map(count).collect())
}

/// Those that the tasks table has.
async fn existing(pool: &PgPool, tasks: &[Uuid]) -> Result<BTreeSet<Uuid>, Unseen> {
    let rows: Vec<(Uuid,)> =
        sqlx::query_as("SELECT task_uuid FROM tasker.tasks WHERE task_uuid = ANY($1)")
            .bind(tasks)
            .fetch_all(pool)
            .await
            .map_err(unseen("the rows of the canaries"))?;
    Ok(rows.into_iter().map(|(task,)| task).collect())
}

/// By task, the processor that first moved it.
async fn creators_of(pool: &PgPool, tasks: &[Uuid]) -> Result<BTreeMap<Uuid, Uuid>, Unseen> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT DISTINCT ON (task_uuid) task_uuid, processor_uuid FROM tasker.task_transitions \
         WHERE task_uuid = ANY($1) AND processor_uuid IS NOT NULL ORDER BY task_uuid, sort_key",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await
    .map_err(unseen("the creators of the canaries"))?;
    Ok(rows.into_iter().collect())
}
