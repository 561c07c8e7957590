//! Namespaces in whose queues a message has waited for longer than an idle worker lets it.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::catalogue::queues_of_workers;
use super::messages::{is_over, states};
use super::{Databases, unseen};
use crate::evidence::Unseen;

/// Seconds; one visit to each of the others may come before.
const OLD: f64 = 5.0;
/// Messages of a queue that are looked at; what waits behind them is CV312.
const MOST: usize = 200;

/// A message about a step that is over waits for nobody, and says nothing of who takes from its queue.
///
/// # Errors
/// The query that failed.
pub async fn namespaces(databases: &Databases) -> Result<BTreeSet<String>, Unseen> {
    let what = "messages that wait";
    let names = queues_of_workers(&databases.queues).await?;
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    let of_queue = |(number, name): (usize, &String)| {
        // A queue's name is part of its table's name: quoted, never pasted in bare.
        let table = name.replace('"', "\"\"");
        format!(
            "(SELECT {number} AS number, coalesce(message->>'step_uuid', '') FROM pgmq.\"q_{table}\" \
              WHERE read_ct = 0 AND vt <= clock_timestamp() \
                AND enqueued_at < clock_timestamp() - $1 * interval '1 second' LIMIT {MOST})"
        )
    };
    let parts: Vec<String> = names.iter().enumerate().map(of_queue).collect();
    let rows: Vec<(i32, String)> = sqlx::query_as(&parts.join(" UNION ALL "))
        .bind(OLD)
        .fetch_all(&databases.queues)
        .await
        .map_err(unseen(what))?;
    let steps = rows.iter().filter_map(|(_, step)| step.parse().ok());
    let states = states(databases, steps.collect()).await?;
    let mut waiting = vec![0; names.len()];
    for (number, step) in &rows {
        let state = step.parse::<Uuid>().ok().and_then(|step| states.get(&step));
        let over = state.is_some_and(|state| is_over(state));
        let queue = usize::try_from(*number).ok();
        if let Some(of_queue) = queue.and_then(|number| waiting.get_mut(number)) {
            *of_queue += usize::from(!over);
        }
    }
    let of_queue = |(name, waiting): (&String, usize)| {
        let inner = name.strip_prefix("worker_")?.strip_suffix("_queue")?;
        (waiting > 0).then(|| inner.to_owned())
    };
    Ok(names.iter().zip(waiting).filter_map(of_queue).collect())
}
