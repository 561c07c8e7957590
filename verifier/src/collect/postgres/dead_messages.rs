//! Takes the messages of steps that are over out of the workers' queues.

use uuid::Uuid;

use super::catalogue::queues_of_workers;
use super::messages::{is_over, states};
use super::{Databases, unseen};
use crate::evidence::Unseen;

/// Messages looked at in one go.
const AT_ONCE: i64 = 1000;
const WHAT: &str = "the messages whose step is over";

/// Archives them, and says how many: whoever takes such a message can only put it back, and polls come to none behind it.
///
/// What names no known step stays: that may be still to come, or a trace of something.
///
/// # Errors
/// The query that failed; what was archived before it stays so.
pub async fn archive(databases: &Databases) -> Result<u64, Unseen> {
    let mut archived = 0;
    for queue in queues_of_workers(&databases.queues).await? {
        archived += archive_of(databases, &queue).await?;
    }
    Ok(archived)
}

async fn archive_of(databases: &Databases, queue: &str) -> Result<u64, Unseen> {
    // A queue's name is part of its table's name: quoted, never pasted in bare.
    let query = format!(
        "SELECT msg_id, message->>'step_uuid' FROM pgmq.\"q_{}\" \
         WHERE msg_id > $1 ORDER BY msg_id LIMIT {AT_ONCE}",
        queue.replace('"', "\"\"")
    );
    let (mut archived, mut last) = (0, 0_i64);
    loop {
        let messages: Vec<(i64, Option<String>)> = sqlx::query_as(&query)
            .bind(last)
            .fetch_all(&databases.queues)
            .await
            .map_err(unseen(WHAT))?;
        let Some((newest, _)) = messages.last() else {
            return Ok(archived);
        };
        last = *newest;
        let named = messages.into_iter().filter_map(|(message, step)| {
            let step: Uuid = step?.parse().ok()?;
            Some((message, step))
        });
        let named: Vec<(i64, Uuid)> = named.collect();
        let steps = named.iter().map(|(_, step)| *step).collect();
        // Afterwards, in what may be another database: a step that is over stays so.
        let states = states(databases, steps).await?;
        let is_dead =
            |(_, step): &&(i64, Uuid)| states.get(step).is_some_and(|state| is_over(state));
        let dead: Vec<i64> = named.iter().filter(is_dead).map(|(id, _)| *id).collect();
        let done: Vec<i64> = sqlx::query_scalar("SELECT pgmq.archive($1, $2)")
            .bind(queue)
            .bind(dead)
            .fetch_all(&databases.queues)
            .await
            .map_err(unseen(WHAT))?;
        archived += done.len() as u64;
    }
}
