//! Removes tasks that the verifier itself sent, with all that belongs to them.

use sqlx::PgPool;
use uuid::Uuid;

use super::{Databases, unseen};
use crate::collect::canary::AT_REST;
use crate::evidence::Unseen;

/// Tasks removed in one transaction: enough to be quick, too few to hold anybody up.
const AT_ONCE: i64 = 200;

/// Tables with rows of a task, children first: table, its column, and whether that names the task or one of its steps.
const OF_TASK: [(&str, &str, bool); 7] = [
    ("workflow_step_result_audit", "task_uuid", true),
    ("workflow_step_transitions", "workflow_step_uuid", false),
    ("workflow_step_edges", "from_step_uuid", false),
    ("workflow_steps", "task_uuid", true),
    ("task_transitions", "task_uuid", true),
    ("tasks_dlq", "task_uuid", true),
    ("tasks", "task_uuid", true),
];

/// What was removed, and what was left because it may be a trace of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Tasks that were at rest and are gone.
    pub tasks: u64,
    /// Messages about their steps that still lay in a queue.
    pub messages: u64,
    /// Tasks of the verifier that are not at rest.
    pub left: Vec<Uuid>,
}

/// Removes the verifier's tasks that were created before so many seconds and are at rest.
///
/// # Errors
/// The query that failed; what was removed before it stays removed.
pub async fn prune(databases: &Databases, older_than_seconds: u64) -> Result<Pruned, Unseen> {
    let what = "the tasks of earlier checks";
    let seconds = i64::try_from(older_than_seconds).unwrap_or(i64::MAX);
    let mut pruned = Pruned::default();
    loop {
        let tasks = of_ours(databases, seconds, true).await;
        let tasks = tasks.map_err(unseen(what))?;
        if tasks.is_empty() {
            break;
        }
        let steps = steps_of(databases, &tasks).await.map_err(unseen(what))?;
        // The messages first: one whose step is gone would be a riddle for whoever takes it.
        let messages = remove_messages(&databases.queues, &steps).await;
        pruned.messages += messages.map_err(unseen(what))?;
        let removed = remove_tasks(databases, &tasks, &steps).await;
        pruned.tasks += removed.map_err(unseen(what))?;
    }
    let left = of_ours(databases, seconds, false).await;
    pruned.left = left.map_err(unseen(what))?;
    Ok(pruned)
}

async fn of_ours(pool: &PgPool, seconds: i64, at_rest: bool) -> sqlx::Result<Vec<Uuid>> {
    let query = "SELECT task.task_uuid FROM tasker.tasks task \
                 JOIN tasker.task_transitions present ON present.task_uuid = task.task_uuid AND present.most_recent \
                 WHERE task.source_system = 'cluster-verify' AND task.tags ? 'cluster-verify' \
                   AND task.created_at <= timezone('utc', now()) - make_interval(secs => $1) \
                   AND (present.to_state = ANY($2)) = $3 \
                 ORDER BY task.task_uuid LIMIT $4";
    sqlx::query_scalar(query)
        .bind(seconds as f64)
        .bind(AT_REST.map(str::to_owned))
        .bind(at_rest)
        .bind(AT_ONCE)
        .fetch_all(pool)
        .await
}

async fn steps_of(pool: &PgPool, tasks: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT workflow_step_uuid FROM tasker.workflow_steps WHERE task_uuid = ANY($1)",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await
}

async fn remove_messages(queues: &PgPool, steps: &[Uuid]) -> sqlx::Result<u64> {
    let names: Vec<String> = sqlx::query_scalar(
        r"SELECT queue_name FROM pgmq.meta WHERE queue_name LIKE 'worker\_%\_queue'",
    )
    .fetch_all(queues)
    .await?;
    let steps: Vec<String> = steps.iter().map(Uuid::to_string).collect();
    let mut removed = 0;
    for name in names {
        let query = format!(
            "DELETE FROM pgmq.\"q_{}\" WHERE message->>'step_uuid' = ANY($1)",
            name.replace('"', "\"\"")
        );
        let done = sqlx::query(&query).bind(&steps).execute(queues).await?;
        removed += done.rows_affected();
    }
    Ok(removed)
}

async fn remove_tasks(pool: &PgPool, tasks: &[Uuid], steps: &[Uuid]) -> sqlx::Result<u64> {
    let mut transaction = pool.begin().await?;
    let mut removed = 0;
    for (table, column, is_task) in OF_TASK {
        let query = format!("DELETE FROM tasker.{table} WHERE {column} = ANY($1)");
        let of = if is_task { tasks } else { steps };
        let done = sqlx::query(&query).bind(of);
        removed = done.execute(&mut *transaction).await?.rows_affected();
    }
    transaction.commit().await?;
    Ok(removed)
}
