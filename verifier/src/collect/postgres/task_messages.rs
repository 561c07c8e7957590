//! The messages that wait in any queue and name a task or one of its steps.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::Row;
use uuid::Uuid;

use super::{Databases, unseen};
use crate::evidence::Unseen;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskMessage {
    pub queue: String,
    pub id: i64,
    /// The step that it names; none when it is about the task as a whole.
    pub step: Option<Uuid>,
    pub enqueued_at: DateTime<Utc>,
    /// How often it was taken.
    pub read_count: i32,
    /// Until when nobody else may take it; none when it can be taken now.
    pub hidden_until: Option<DateTime<Utc>>,
}

/// Looks through every queue.
///
/// # Errors
/// The query that failed.
pub async fn collect(
    databases: &Databases,
    task: Uuid,
    steps: &[Uuid],
) -> Result<Vec<TaskMessage>, Unseen> {
    let what = "the messages of the task";
    let queues: Vec<(String,)> = sqlx::query_as("SELECT queue_name FROM pgmq.meta ORDER BY 1")
        .fetch_all(&databases.queues)
        .await
        .map_err(unseen(what))?;
    let named: Vec<String> = [task]
        .iter()
        .chain(steps)
        .map(|uuid| format!("%{uuid}%"))
        .collect();
    let mut messages = Vec::new();
    for (queue,) in queues {
        // A queue's name is part of its table's name: quoted, never pasted in bare.
        let table = format!("\"q_{}\"", queue.replace('"', "\"\""));
        let query = format!(
            "SELECT msg_id, read_ct, enqueued_at, vt, vt > clock_timestamp() AS hidden, \
                    message::text AS message \
             FROM pgmq.{table} WHERE message::text LIKE ANY($1) ORDER BY msg_id"
        );
        let rows = sqlx::query(&query)
            .bind(&named)
            .fetch_all(&databases.queues)
            .await
            .map_err(unseen(what))?;
        messages.extend(rows.iter().map(|row| {
            let text: String = row.get("message");
            let hidden: bool = row.get("hidden");
            TaskMessage {
                queue: queue.clone(),
                id: row.get("msg_id"),
                step: steps
                    .iter()
                    .find(|step| text.contains(&step.to_string()))
                    .copied(),
                enqueued_at: row.get("enqueued_at"),
                read_count: row.get("read_ct"),
                hidden_until: hidden.then(|| row.get("vt")),
            }
        }));
    }
    Ok(messages)
}
