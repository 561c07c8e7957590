//! What became of the tasks that were not at rest: whether messages wait for their steps, when a retry is due,
//! and whether they have moved since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::{HistoryView, OpenStep, OpenTask, Unseen};
use crate::history::{State, StepState};

/// A younger step is on its way.
const YOUNG: TimeDelta = TimeDelta::seconds(10);

/// Where workers hand in their results, under either profile.
const RESULTS: &str = "orchestration_step_results";

/// Looks for the messages of steps that have not moved for a while, and for when a retry is due; leaves out the
/// tasks that moved meanwhile.
///
/// # Errors
/// The query that failed.
pub async fn follow_up(databases: &Databases, view: &mut HistoryView) -> Result<(), Unseen> {
    let now = view.read_at.unwrap_or_else(Utc::now);
    let mut by_queue: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for task in &view.open {
        for step in task.in_flight.iter().filter(|step| is_old(step, now)) {
            let steps = by_queue.entry(queue(task, step)).or_default();
            steps.push(step.step);
        }
    }
    let mut waiting = BTreeSet::new();
    for (queue, steps) in &by_queue {
        waiting.extend(messages(&databases.queues, queue, steps).await?);
    }
    // After the queues: a step that is still where it was had no message all the time.
    let steps: Vec<Uuid> = by_queue.into_values().flatten().collect();
    let states = states(databases, &steps).await?;
    keep_still(&mut view.open, now, &waiting, &states);
    let retrying = view.open.iter().filter(|task| task.waits_for_retry);
    let retrying: Vec<Uuid> = retrying.map(|task| task.task).collect();
    let due = retries_due(databases, &retrying).await?;
    for task in &mut view.open {
        task.retry_due = due.get(&task.task).copied();
    }
    Ok(())
}

/// Notes which steps a message waits for. A task of which one step moved is on its way: what is known of it as a
/// whole is of before.
fn keep_still(
    open: &mut Vec<OpenTask>,
    now: DateTime<Utc>,
    waiting: &BTreeSet<Uuid>,
    states: &HashMap<Uuid, StepState>,
) {
    open.retain_mut(|task| {
        let mut old = task.in_flight.iter_mut().filter(|step| is_old(step, now));
        old.all(|step| {
            step.message = Some(waiting.contains(&step.step));
            states.get(&step.step) == Some(&step.state)
        })
    });
}

fn is_old(step: &OpenStep, now: DateTime<Utc>) -> bool {
    now - step.since > YOUNG
}

/// Where a message for the step should be.
fn queue(task: &OpenTask, step: &OpenStep) -> String {
    if step.state.is_handed_in() {
        RESULTS.to_owned()
    } else {
        format!("worker_{}_queue", task.namespace)
    }
}

async fn messages(pool: &PgPool, queue: &str, steps: &[Uuid]) -> Result<Vec<Uuid>, Unseen> {
    let table = format!("q_{queue}");
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

/// When the last of a task's steps that wait for a retry may be tried, as the engine reckons it: by the backoff that
/// it wrote down, else by its longest.
///
/// # Errors
/// The query that failed.
pub async fn retries_due(
    pool: &PgPool,
    tasks: &[Uuid],
) -> Result<HashMap<Uuid, DateTime<Utc>>, Unseen> {
    let rows: Vec<(Uuid, NaiveDateTime)> = sqlx::query_as(
        "SELECT step.task_uuid, max(coalesce( \
                    step.last_attempted_at + step.backoff_request_seconds * interval '1 second', \
                    transition.created_at + interval '60 seconds')) \
         FROM tasker.workflow_steps step \
         JOIN tasker.workflow_step_transitions transition USING (workflow_step_uuid) \
         WHERE step.task_uuid = ANY($1) AND transition.most_recent \
           AND transition.to_state = 'waiting_for_retry' GROUP BY 1",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await
    .map_err(unseen("when retries are due"))?;
    Ok(rows
        .into_iter()
        .map(|(task, due)| (task, due.and_utc()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::healthy::open_task;

    fn now() -> DateTime<Utc> {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    /// A task with two steps in a worker's hands for a minute.
    fn task() -> OpenTask {
        let mut task = open_task(StepState::InProgress, now() - TimeDelta::seconds(60));
        let mut other = task.in_flight[0].clone();
        other.step = Uuid::from_u128(9);
        task.in_flight.push(other);
        task
    }

    fn kept(task: &OpenTask, states: &[(Uuid, StepState)]) -> Vec<OpenTask> {
        let waiting = [task.in_flight[0].step].into();
        let states = states.iter().copied().collect();
        let mut open = vec![task.clone()];
        keep_still(&mut open, now(), &waiting, &states);
        open
    }

    #[test]
    fn a_task_whose_steps_are_where_they_were_is_kept_with_their_messages() {
        let task = task();
        let states = task.in_flight.iter().map(|step| (step.step, step.state));

        let kept = kept(&task, &states.collect::<Vec<_>>());

        let messages = kept[0].in_flight.iter().map(|step| step.message);
        assert_eq!(messages.collect::<Vec<_>>(), [Some(true), Some(false)]);
    }

    #[test]
    fn a_task_of_which_one_step_moved_is_on_its_way() {
        let task = task();
        let states = [
            (task.in_flight[0].step, StepState::InProgress),
            (task.in_flight[1].step, StepState::Complete),
        ];

        assert_eq!(kept(&task, &states), []);
    }

    #[test]
    fn a_result_that_was_handed_in_is_looked_for_among_the_results() {
        let mut task = task();
        assert_eq!(queue(&task, &task.in_flight[0]), "worker_mail_queue");

        task.in_flight[0].state = StepState::EnqueuedForOrchestration;
        assert_eq!(queue(&task, &task.in_flight[0]), RESULTS);
    }
}
