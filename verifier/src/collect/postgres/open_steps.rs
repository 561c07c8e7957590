//! What became of the steps in flight: whether a message waits for them, and whether they have moved since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::{HistoryView, OpenStep, Unseen};
use crate::history::{State, StepState};

/// A younger step is on its way.
const YOUNG: TimeDelta = TimeDelta::seconds(10);

/// Looks for the messages of steps that have not moved for a while, and leaves out those that moved meanwhile.
///
/// # Errors
/// The query that failed.
pub async fn follow_up(
    databases: &Databases,
    view: &mut HistoryView,
    now: DateTime<Utc>,
) -> Result<(), Unseen> {
    let mut by_namespace: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for task in &view.open {
        let old = task.in_flight.iter().filter(|step| is_old(step, now));
        let steps = by_namespace.entry(task.namespace.clone()).or_default();
        steps.extend(old.map(|step| step.step));
    }
    by_namespace.retain(|_, steps| !steps.is_empty());
    let mut waiting = BTreeSet::new();
    for (namespace, steps) in &by_namespace {
        waiting.extend(messages(&databases.queues, namespace, steps).await?);
    }
    // After the queues: a step that is still where it was had no message all the time.
    let steps: Vec<Uuid> = by_namespace.into_values().flatten().collect();
    let states = states(databases, &steps).await?;
    for task in &mut view.open {
        task.in_flight.retain_mut(|step| {
            if !is_old(step, now) {
                return true;
            }
            step.message = Some(waiting.contains(&step.step));
            states.get(&step.step) == Some(&step.state)
        });
    }
    Ok(())
}

fn is_old(step: &OpenStep, now: DateTime<Utc>) -> bool {
    now - step.since > YOUNG
}

async fn messages(pool: &PgPool, namespace: &str, steps: &[Uuid]) -> Result<Vec<Uuid>, Unseen> {
    let table = format!("q_worker_{namespace}_queue");
    let (exists,): (bool,) =
        sqlx::query_as("SELECT to_regclass('pgmq.' || quote_ident($1)) IS NOT NULL")
            .bind(&table)
            .fetch_one(pool)
            .await
            .map_err(unseen("the queue of a step"))?;
    if !exists {
        return Ok(Vec::new());
    }
    let names: Vec<String> = steps.iter().map(Uuid::to_string).collect();
    let query = format!(
        "SELECT DISTINCT message->>'step_uuid' FROM pgmq.\"{}\" WHERE message->>'step_uuid' = ANY($1)",
        table.replace('"', "\"\"")
    );
    let rows: Vec<(String,)> = sqlx::query_as(&query)
        .bind(names)
        .fetch_all(pool)
        .await
        .map_err(unseen("the messages of steps in flight"))?;
    Ok(rows
        .into_iter()
        .filter_map(|(step,)| step.parse().ok())
        .collect())
}

async fn states(pool: &PgPool, steps: &[Uuid]) -> Result<HashMap<Uuid, StepState>, Unseen> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT workflow_step_uuid, to_state FROM tasker.workflow_step_transitions \
         WHERE most_recent AND workflow_step_uuid = ANY($1)",
    )
    .bind(steps)
    .fetch_all(pool)
    .await
    .map_err(unseen("the states of steps in flight"))?;
    Ok(rows
        .into_iter()
        .map(|(step, state)| (step, StepState::parse(&state)))
        .collect())
}
