//! Messages and tasks that nobody can do anything with any more.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::{DeadTask, PassedOver, Queue, Unseen, Zombie};

/// Results lie here while a server has them in hand.
const RESULTS: &str = "orchestration_step_results";

/// States in which a step wants no message.
const OVER: [&str; 4] = ["complete", "error", "cancelled", "resolved_manually"];

/// Messages of a queue that are looked at.
const MOST: usize = 1000;

/// One of a queue's oldest thousand that were sent a while ago.
#[derive(sqlx::FromRow)]
struct Old {
    msg_id: i64,
    step: String,
    read_ct: i32,
    age_seconds: i64,
    visible: bool,
}

/// Messages that were sent a while ago and whose step is over: at most a hundred of each queue's oldest thousand.
///
/// Such a message waits for nobody: the ages of the queues' oldest unread messages become those of the others, and those
/// that others were taken before are told.
///
/// # Errors
/// The query that failed.
pub async fn zombies(databases: &Databases, queues: &mut [Queue]) -> Result<Vec<Zombie>, Unseen> {
    let mut zombies = Vec::new();
    for queue in queues
        .iter_mut()
        .filter(|queue| queue.messages > 0 && is_of_steps(&queue.name))
    {
        let query = format!(
            "SELECT msg_id, coalesce(message->>'step_uuid', '') AS step, read_ct, \
                    extract(epoch FROM now() - enqueued_at)::bigint AS age_seconds, \
                    vt <= clock_timestamp() AS visible \
             FROM pgmq.\"q_{}\" WHERE enqueued_at < now() - interval '15 seconds' \
             ORDER BY msg_id LIMIT {MOST}",
            queue.name.replace('"', "\"\"")
        );
        let old: Vec<Old> = sqlx::query_as(&query)
            .fetch_all(&databases.queues)
            .await
            .map_err(unseen("messages that wait"))?;
        // Afterwards, in what may be another database: a step that is over stays so.
        let steps = old.iter().filter_map(|old| old.step.parse().ok()).collect();
        let states = states(databases, steps).await?;
        let state = &|old: &Old| states.get(&old.step.parse::<Uuid>().ok()?).cloned();
        // What lies behind the oldest thousand was not looked at, and may wait for somebody.
        if old.len() < MOST {
            queue.oldest_unread_seconds =
                oldest_unread(&old, state).map(|message| message.age_seconds);
        }
        let youngest_archived = match oldest_unread(&old, state) {
            Some(_) => youngest_archived(&databases.queues, &queue.name).await?,
            None => None,
        };
        queue.passed_over = passed_over(&old, youngest_archived, state);
        let over = old
            .into_iter()
            .filter(|old| state(old).is_none_or(|state| is_over(&state)));
        let of_queue = over.map(|old| Zombie {
            queue: queue.name.clone(),
            message: old.msg_id,
            state: state(&old),
            step: old.step,
            reads: old.read_ct,
            age_seconds: old.age_seconds,
        });
        zombies.extend(of_queue.take(100));
    }
    Ok(zombies)
}

pub(super) fn is_over(state: &str) -> bool {
    OVER.contains(&state)
}

/// The oldest message that nobody has read, though its step is not known to be over.
fn oldest_unread(messages: &[Old], state: impl Fn(&Old) -> Option<String>) -> Option<&Old> {
    let waits = |old: &&Old| {
        old.visible && old.read_ct == 0 && state(old).is_none_or(|state| !is_over(&state))
    };
    messages
        .iter()
        .filter(waits)
        .max_by_key(|old| old.age_seconds)
}

/// Seconds since the youngest message was sent of those that have left the queue: whoever claims a step archives its
/// message, which counts as read only if a poll brought it.
async fn youngest_archived(queues: &PgPool, queue: &str) -> Result<Option<i64>, Unseen> {
    let query = format!(
        "SELECT extract(epoch FROM now() - enqueued_at)::bigint FROM pgmq.\"a_{}\" \
         ORDER BY msg_id DESC LIMIT 1",
        queue.replace('"', "\"\"")
    );
    let row = sqlx::query_scalar(&query).fetch_optional(queues).await;
    row.map_err(unseen("messages that were taken"))
}

/// The same, where one that was sent after it was taken: read in the queue, or of this age in its archive.
fn passed_over(
    messages: &[Old],
    youngest_archived: Option<i64>,
    state: impl Fn(&Old) -> Option<String> + Copy,
) -> Option<PassedOver> {
    let waits = oldest_unread(messages, state)?;
    let youngest_read = messages
        .iter()
        .filter(|old| old.read_ct > 0)
        .map(|old| old.age_seconds)
        .chain(youngest_archived)
        .filter(|age| *age < waits.age_seconds)
        .min()?;
    let is_dead =
        |old: &&Old| old.msg_id < waits.msg_id && state(old).is_some_and(|state| is_over(&state));
    Some(PassedOver {
        message: waits.msg_id,
        step: waits.step.clone(),
        age_seconds: waits.age_seconds,
        by_seconds: waits.age_seconds - youngest_read,
        dead_before: messages.iter().filter(is_dead).count(),
    })
}

/// The present state of each step that is in the table.
pub(super) async fn states(
    tasks: &PgPool,
    steps: Vec<Uuid>,
) -> Result<HashMap<Uuid, String>, Unseen> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT workflow_step_uuid, to_state FROM tasker.workflow_step_transitions \
         WHERE most_recent AND workflow_step_uuid = ANY($1)",
    )
    .bind(steps)
    .fetch_all(tasks)
    .await
    .map_err(unseen("messages whose step is over"))?;
    Ok(rows.into_iter().collect())
}

fn is_of_steps(queue: &str) -> bool {
    queue == RESULTS || (queue.starts_with("worker_") && queue.ends_with("_queue"))
}

/// Tasks that the engine gave up and that nobody has resolved.
///
/// # Errors
/// The query that failed.
pub async fn dead_tasks(pool: &PgPool) -> Result<Vec<DeadTask>, Unseen> {
    let rows: Vec<(Uuid, String, String, NaiveDateTime, bool)> = sqlx::query_as(
        "SELECT dead.task_uuid, dead.dlq_reason::text, dead.original_state, dead.dlq_timestamp, \
                EXISTS (SELECT FROM tasker.workflow_steps step \
                        JOIN tasker.workflow_step_transitions transition USING (workflow_step_uuid) \
                        WHERE step.task_uuid = dead.task_uuid \
                          AND (transition.created_at > dead.dlq_timestamp OR transition.most_recent \
                               AND transition.to_state NOT IN ('pending', 'complete', 'error', \
                                                               'cancelled', 'resolved_manually'))) \
         FROM tasker.tasks_dlq dead \
         WHERE dead.resolution_status = 'pending' ORDER BY dead.dlq_timestamp LIMIT 1000",
    )
    .fetch_all(pool)
    .await
    .map_err(unseen("the dead letter table"))?;
    let dead = rows
        .into_iter()
        .map(|(task, reason, state, at, step_on_its_way)| DeadTask {
            task,
            reason,
            state,
            at: at.and_utc(),
            step_on_its_way,
        });
    Ok(dead.collect())
}

/// Why the engine gave the task up, be that resolved or not.
///
/// # Errors
/// The query that failed.
pub async fn given_up(pool: &PgPool, task: Uuid) -> Result<Option<String>, Unseen> {
    sqlx::query_scalar(
        "SELECT dlq_reason::text FROM tasker.tasks_dlq WHERE task_uuid = $1 \
         ORDER BY dlq_timestamp DESC LIMIT 1",
    )
    .bind(task)
    .fetch_optional(pool)
    .await
    .map_err(unseen("the dead letter table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(step: &str, age_seconds: i64, read_ct: i32, visible: bool) -> Old {
        Old {
            msg_id: age_seconds,
            step: step.into(),
            read_ct,
            age_seconds,
            visible,
        }
    }

    /// Here the step's name is its state.
    fn state(old: &Old) -> Option<String> {
        Some(old.step.clone()).filter(|step| !step.is_empty())
    }

    fn oldest(messages: &[Old]) -> Option<i64> {
        oldest_unread(messages, state).map(|message| message.age_seconds)
    }

    #[test]
    fn a_message_is_passed_over_by_a_younger_one_that_was_read_and_lies_behind_the_dead() {
        let in_order = |messages: &[Old], archived| {
            let numbered = messages.iter().zip(1..).map(|(old, msg_id)| Old {
                msg_id,
                step: old.step.clone(),
                ..*old
            });
            passed_over(&numbered.collect::<Vec<_>>(), archived, state)
        };
        let waits = || message("enqueued", 300, 0, true);
        let dead = || message("complete", 400, 9, true);
        let passed_over_by = |by_seconds| {
            Some(PassedOver {
                message: 2,
                step: "enqueued".into(),
                age_seconds: 300,
                by_seconds,
                dead_before: 1,
            })
        };

        let in_hand = message("in_progress", 20, 1, false);
        let archived = in_order(&[dead(), waits()], Some(30));
        assert_eq!(
            in_order(&[dead(), waits(), in_hand], None),
            passed_over_by(280)
        );
        assert_eq!(archived, passed_over_by(270));

        // Sent before it, and sent later but not read either.
        let unread = message("enqueued", 20, 0, true);
        assert_eq!(in_order(&[dead(), waits(), unread], Some(300)), None);
    }
    #[test]
    fn the_oldest_unread_message_of_a_step_that_is_not_over_counts() {
        let messages = [
            message("complete", 300, 0, true),
            message("enqueued", 200, 0, true),
            message("enqueued", 100, 0, true),
        ];

        assert_eq!(oldest(&messages), Some(200));
    }

    #[test]
    fn a_message_of_a_step_that_nobody_knows_counts() {
        assert_eq!(oldest(&[message("", 300, 0, true)]), Some(300));
    }

    #[test]
    fn one_that_was_read_or_is_in_hand_or_whose_step_is_over_does_not() {
        let messages = [
            message("error", 300, 0, true),
            message("enqueued", 200, 1, true),
            message("enqueued", 100, 0, false),
        ];

        assert_eq!(oldest(&messages), None);
    }
}
