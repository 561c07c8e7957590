//! Messages and tasks that nobody can do anything with any more.

use chrono::NaiveDateTime;
use sqlx::PgPool;
use uuid::Uuid;

use super::unseen;
use crate::evidence::{DeadTask, Queue, Unseen, Zombie};

/// Results lie here while a server has them in hand.
const RESULTS: &str = "orchestration_step_results";

/// Messages that were sent a while ago and whose step is over.
///
/// # Errors
/// The query that failed.
pub async fn zombies(pool: &PgPool, queues: &[Queue]) -> Result<Vec<Zombie>, Unseen> {
    let mut zombies = Vec::new();
    for queue in queues
        .iter()
        .filter(|queue| queue.messages > 0 && is_of_steps(&queue.name))
    {
        let query = format!(
            "SELECT queue.msg_id, coalesce(queue.message->>'step_uuid', ''), transition.to_state, \
                    queue.read_ct, extract(epoch FROM now() - queue.enqueued_at)::bigint \
             FROM pgmq.\"q_{}\" queue \
             LEFT JOIN tasker.workflow_step_transitions transition \
               ON transition.most_recent AND transition.workflow_step_uuid = \
                  CASE WHEN queue.message->>'step_uuid' ~ '^[0-9a-f-]{{36}}$' \
                       THEN (queue.message->>'step_uuid')::uuid END \
             WHERE queue.enqueued_at < now() - interval '15 seconds' \
               AND coalesce(transition.to_state, 'complete') \
                   IN ('complete', 'error', 'cancelled', 'resolved_manually') \
             ORDER BY queue.msg_id LIMIT 100",
            queue.name.replace('"', "\"\"")
        );
        type Row = (i64, String, Option<String>, i32, i64);
        let rows: Vec<Row> = sqlx::query_as(&query)
            .fetch_all(pool)
            .await
            .map_err(unseen("messages whose step is over"))?;
        zombies.extend(
            rows.into_iter()
                .map(|(message, step, state, reads, age_seconds)| Zombie {
                    queue: queue.name.clone(),
                    message,
                    step,
                    state,
                    reads,
                    age_seconds,
                }),
        );
    }
    Ok(zombies)
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
