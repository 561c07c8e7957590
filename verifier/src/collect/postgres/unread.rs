//! Namespaces in whose queues a message has waited for longer than an idle worker lets it.

use std::collections::BTreeSet;

use sqlx::PgPool;

use super::unseen;
use crate::evidence::Unseen;

/// Seconds; one visit to each of the others may come before.
const OLD: f64 = 5.0;

/// # Errors
/// The query that failed.
pub async fn namespaces(queues: &PgPool) -> Result<BTreeSet<String>, Unseen> {
    let what = "messages that wait";
    let names: Vec<(String,)> = sqlx::query_as(
        "SELECT queue_name FROM pgmq.meta WHERE queue_name LIKE 'worker\\_%\\_queue'",
    )
    .fetch_all(queues)
    .await
    .map_err(unseen(what))?;
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    let of_queue = |(number, (name,)): (usize, &(String,))| {
        // A queue's name is part of its table's name: quoted, never pasted in bare.
        let table = name.replace('"', "\"\"");
        format!(
            "SELECT {number} AS number WHERE EXISTS (SELECT FROM pgmq.\"q_{table}\" \
             WHERE read_ct = 0 AND vt <= clock_timestamp() \
               AND enqueued_at < clock_timestamp() - $1 * interval '1 second')"
        )
    };
    let parts: Vec<String> = names.iter().enumerate().map(of_queue).collect();
    let rows: Vec<(i32,)> = sqlx::query_as(&parts.join(" UNION ALL "))
        .bind(OLD)
        .fetch_all(queues)
        .await
        .map_err(unseen(what))?;
    let namespace = |(number,): (i32,)| {
        let (name,) = names.get(usize::try_from(number).ok()?)?;
        let inner = name.strip_prefix("worker_")?.strip_suffix("_queue")?;
        Some(inner.to_owned())
    };
    Ok(rows.into_iter().filter_map(namespace).collect())
}
