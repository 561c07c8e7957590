//! Messages and tasks that nobody can do anything with any more.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::{DeadTask, Queue, Unseen, Zombie};

/// Results lie here while a server has them in hand.
const RESULTS: &str = "orchestration_step_results";

/// States in which a step wants no message.
const OVER: [&str; 4] = ["complete", "error", "cancelled", "resolved_manually"];

/// Messages that were sent a while ago and whose step is over: at most a hundred of each queue's oldest thousand.
///
/// # Errors
/// The query that failed.
pub async fn zombies(databases: &Databases, queues: &[Queue]) -> Result<Vec<Zombie>, Unseen> {
    let mut zombies = Vec::new();
    for queue in queues
        .iter()
        .filter(|queue| queue.messages > 0 && is_of_steps(&queue.name))
    {
        let query = format!(
            "SELECT msg_id, coalesce(message->>'step_uuid', ''), read_ct, \
                    extract(epoch FROM now() - enqueued_at)::bigint \
             FROM pgmq.\"q_{}\" WHERE enqueued_at < now() - interval '15 seconds' \
             ORDER BY msg_id LIMIT 1000",
            queue.name.replace('"', "\"\"")
        );
        let old: Vec<(i64, String, i32, i64)> = sqlx::query_as(&query)
            .fetch_all(&databases.queues)
            .await
            .map_err(unseen("messages that wait"))?;
        // Afterwards, in what may be another database: a step that is over stays so.
        let states = states(databases, &old).await?;
        let of_queue = old.into_iter().filter_map(|(message, step, reads, age)| {
            let state = step.parse().ok().and_then(|uuid: Uuid| states.get(&uuid));
            if state.is_some_and(|state| !OVER.contains(&state.as_str())) {
                return None;
            }
            Some(Zombie {
                queue: queue.name.clone(),
                message,
                state: state.cloned(),
                step,
                reads,
                age_seconds: age,
            })
        });
        zombies.extend(of_queue.take(100));
    }
    Ok(zombies)
}

async fn states(
    tasks: &PgPool,
    messages: &[(i64, String, i32, i64)],
) -> Result<HashMap<Uuid, String>, Unseen> {
    let steps: Vec<Uuid> = messages
        .iter()
        .filter_map(|(_, step, _, _)| step.parse().ok())
        .collect();
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
    let rows: Vec<(Uuid, String, String, NaiveDateTime)> = sqlx::query_as(
        "SELECT task_uuid, dlq_reason::text, original_state, dlq_timestamp FROM tasker.tasks_dlq \
         WHERE resolution_status = 'pending' ORDER BY dlq_timestamp LIMIT 1000",
    )
    .fetch_all(pool)
    .await
    .map_err(unseen("the dead letter table"))?;
    let dead = rows.into_iter().map(|(task, reason, state, at)| DeadTask {
        task,
        reason,
        state,
        at: at.and_utc(),
    });
    Ok(dead.collect())
}
