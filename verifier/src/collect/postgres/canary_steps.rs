//! What the database says of the canaries' steps.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::{CanaryStep, Unseen};

/// The steps of one task in the order of their creation.
///
/// # Errors
/// The query that failed.
pub async fn steps_of(
    databases: &Databases,
    task: Uuid,
    namespace: &str,
) -> Result<Vec<CanaryStep>, Unseen> {
    let mut steps = steps_of_all(databases, &[(task, namespace)].into()).await?;
    Ok(steps.remove(&task).unwrap_or_default())
}

/// The same of each of these tasks, whose namespaces are given.
///
/// # Errors
/// The query that failed.
pub(super) async fn steps_of_all(
    databases: &Databases,
    tasks: &BTreeMap<Uuid, &str>,
) -> Result<BTreeMap<Uuid, Vec<CanaryStep>>, Unseen> {
    let uuids: Vec<Uuid> = tasks.keys().copied().collect();
    let rows = sqlx::query(
        "SELECT step.task_uuid, step.workflow_step_uuid, named.name, step.attempts, step.results, \
                transition.to_state, \
                ARRAY(SELECT audit.worker_uuid::text \
                      FROM tasker.workflow_step_result_audit audit \
                      WHERE audit.workflow_step_uuid = step.workflow_step_uuid \
                        AND audit.worker_uuid IS NOT NULL) AS workers \
         FROM tasker.workflow_steps step \
         JOIN tasker.named_steps named USING (named_step_uuid) \
         LEFT JOIN tasker.workflow_step_transitions transition \
           ON transition.workflow_step_uuid = step.workflow_step_uuid AND transition.most_recent \
         WHERE step.task_uuid = ANY($1) ORDER BY step.workflow_step_uuid",
    )
    .bind(uuids)
    .fetch_all(&**databases)
    .await
    .map_err(unseen("the steps of the canaries"))?;
    let mut steps: BTreeMap<Uuid, Vec<CanaryStep>> = BTreeMap::new();
    for row in rows {
        let step: Uuid = row.get("workflow_step_uuid");
        let of_task = steps.entry(row.get("task_uuid")).or_default();
        of_task.push(CanaryStep {
            step_uuid: step.to_string(),
            name: row.get("name"),
            // As the engine has it: a step without a transition is still to begin.
            state: row
                .get::<Option<String>, _>("to_state")
                .unwrap_or_else(|| "pending".into()),
            attempts: row.get::<Option<i32>, _>("attempts").unwrap_or(0).into(),
            workers: row.get("workers"),
            message_waiting: false,
            result: row.get("results"),
        });
    }
    note_messages(databases, tasks, &mut steps).await;
    Ok(steps)
}

/// Notes which steps a message in their namespace's queue names. A queue that is not there has none.
async fn note_messages(
    databases: &Databases,
    tasks: &BTreeMap<Uuid, &str>,
    steps: &mut BTreeMap<Uuid, Vec<CanaryStep>>,
) {
    let mut by_namespace: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (task, namespace) in tasks {
        by_namespace
            .entry(namespace)
            .or_default()
            .push(task.to_string());
    }
    let mut waiting = BTreeSet::new();
    for (namespace, tasks) in by_namespace {
        let named = waiting_steps(&databases.queues, &tasks, namespace).await;
        waiting.extend(named.unwrap_or_default());
    }
    for step in steps.values_mut().flatten() {
        step.message_waiting = waiting.contains(&step.step_uuid);
    }
}

/// Steps of the tasks that a message in the namespace's queue names.
async fn waiting_steps(
    pool: &PgPool,
    tasks: &[String],
    namespace: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let table = format!("\"q_worker_{}_queue\"", namespace.replace('"', "\"\""));
    let query = format!(
        "SELECT message->>'step_uuid' FROM pgmq.{table} WHERE message->>'task_uuid' = ANY($1)"
    );
    let rows: Vec<(Option<String>,)> = sqlx::query_as(&query).bind(tasks).fetch_all(pool).await?;
    Ok(rows.into_iter().filter_map(|(step,)| step).collect())
}
