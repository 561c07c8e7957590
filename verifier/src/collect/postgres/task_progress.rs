//! How far tasks have come: their states, and a count that grows with every move.

use std::collections::HashMap;

use sqlx::PgPool;
use uuid::Uuid;

use super::unseen;
use crate::evidence::Unseen;
use crate::history::{State, StepState};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskProgress {
    pub states: HashMap<Uuid, String>,
    /// Transitions of these tasks and of their steps.
    pub transitions: i64,
    /// Whether any of their steps is in a queue or in somebody's hands.
    pub in_flight: bool,
}

/// # Errors
/// The query that failed.
pub async fn collect(pool: &PgPool, tasks: &[Uuid]) -> Result<TaskProgress, Unseen> {
    let what = "the progress of the tasks";
    let states: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT task_uuid, to_state FROM tasker.task_transitions \
         WHERE most_recent AND task_uuid = ANY($1)",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await
    .map_err(unseen(what))?;
    let in_flight = [
        StepState::Enqueued,
        StepState::InProgress,
        StepState::EnqueuedForOrchestration,
        StepState::EnqueuedAsErrorForOrchestration,
    ];
    let (transitions, in_flight): (i64, bool) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM tasker.task_transitions WHERE task_uuid = ANY($1)) + count(*), \
                coalesce(bool_or(transition.most_recent AND transition.to_state = ANY($2)), false) \
         FROM tasker.workflow_step_transitions transition \
         JOIN tasker.workflow_steps step USING (workflow_step_uuid) \
         WHERE step.task_uuid = ANY($1)",
    )
    .bind(tasks)
    .bind(in_flight.map(State::name))
    .fetch_one(pool)
    .await
    .map_err(unseen(what))?;
    Ok(TaskProgress {
        states: states.into_iter().collect(),
        transitions,
        in_flight,
    })
}
