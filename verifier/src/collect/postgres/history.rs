//! Streams the history of every task past the rules and keeps what they fire on.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::unseen;
use crate::collect::progress::Progress;
use crate::evidence::{HistoryView, Unseen};
use crate::history::{Audit, Edge, StepHistory, StepState, TaskHistory, TaskState, Transition};

/// How the engine writes down the events of an operator.
const BY_HAND: &str = r#"^\{"type":"(CompleteManually|ResolveManually|ResetForRetry)""#;

/// Tasks in memory at a time.
const CHUNK: i64 = 500;

/// Which tasks to look at.
#[derive(Debug, Clone, Copy)]
pub enum Tasks<'a> {
    All,
    /// Those created within so many seconds.
    Since(u64),
    These(&'a [Uuid]),
}

impl Tasks<'_> {
    const fn since_seconds(&self) -> Option<u64> {
        match self {
            Self::Since(seconds) => Some(*seconds),
            Self::All | Self::These(_) => None,
        }
    }
}

impl From<Option<u64>> for Tasks<'_> {
    fn from(since_seconds: Option<u64>) -> Self {
        since_seconds.map_or(Self::All, Self::Since)
    }
}

/// Looks at the tasks and keeps those on which a rule fires.
///
/// # Errors
/// The query that failed.
pub async fn collect(
    pool: &PgPool,
    tasks: impl Into<Tasks<'_>>,
    progress: &Progress,
) -> Result<HistoryView, Unseen> {
    let tasks = tasks.into();
    let mut view = HistoryView {
        since_seconds: tasks.since_seconds(),
        ..HistoryView::default()
    };
    stream(pool, tasks, |task| {
        view.add(task);
        if view.tasks.is_multiple_of(CHUNK.unsigned_abs()) {
            progress.say(format!("history: {} tasks judged", view.tasks));
        }
    })
    .await?;
    Ok(view)
}

/// Hands over the whole history of one task after the other, by uuid.
///
/// # Errors
/// The query that failed.
pub async fn stream(
    pool: &PgPool,
    which: Tasks<'_>,
    mut each: impl FnMut(TaskHistory),
) -> Result<(), Unseen> {
    let mut after = Uuid::nil();
    loop {
        // One snapshot for all queries: a task in motion must not look torn.
        let mut snapshot = pool.begin().await.map_err(unseen("the history"))?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .execute(&mut *snapshot)
            .await
            .map_err(unseen("the history"))?;
        let tasks = chunk(&mut snapshot, after, which).await?;
        let Some(last) = tasks.last() else { break };
        after = last.task;
        for task in fill(&mut snapshot, tasks).await? {
            each(task);
        }
    }
    Ok(())
}

async fn chunk(
    connection: &mut PgConnection,
    after: Uuid,
    which: Tasks<'_>,
) -> Result<Vec<TaskHistory>, Unseen> {
    let since = which.since_seconds();
    let these = match which {
        Tasks::These(uuids) => Some(uuids),
        Tasks::All | Tasks::Since(_) => None,
    };
    let rows = sqlx::query(
        "SELECT task.task_uuid, task.correlation_id, task.complete, task.created_at, \
                named.name AS template, namespace.name AS namespace \
         FROM tasker.tasks task \
         JOIN tasker.named_tasks named USING (named_task_uuid) \
         JOIN tasker.task_namespaces namespace USING (task_namespace_uuid) \
         WHERE task.task_uuid > $1 \
           AND ($2::bigint IS NULL OR task.created_at > (now() AT TIME ZONE 'UTC') - $2 * interval '1 second') \
           AND ($4::uuid[] IS NULL OR task.task_uuid = ANY($4)) \
         ORDER BY task.task_uuid LIMIT $3",
    )
    .bind(after)
    .bind(since.and_then(|seconds| i64::try_from(seconds).ok()))
    .bind(CHUNK)
    .bind(these)
    .fetch_all(&mut *connection)
    .await
    .map_err(unseen("the tasks"))?;
    Ok(rows
        .into_iter()
        .map(|row| TaskHistory {
            task: row.get("task_uuid"),
            namespace: row.get("namespace"),
            template: row.get("template"),
            correlation: row.get("correlation_id"),
            created_at: row.get::<NaiveDateTime, _>("created_at").and_utc(),
            complete: row.get("complete"),
            transitions: Vec::new(),
            steps: Vec::new(),
            edges: Vec::new(),
        })
        .collect())
}

async fn fill(
    connection: &mut PgConnection,
    mut tasks: Vec<TaskHistory>,
) -> Result<Vec<TaskHistory>, Unseen> {
    let uuids: Vec<Uuid> = tasks.iter().map(|task| task.task).collect();
    let position: HashMap<Uuid, usize> = uuids
        .iter()
        .enumerate()
        .map(|(index, task)| (*task, index))
        .collect();
    for (task, transition) in task_transitions(connection, &uuids).await? {
        tasks[position[&task]].transitions.push(transition);
    }
    let mut of_step: HashMap<Uuid, (usize, usize)> = HashMap::new();
    for (task, step) in steps(connection, &uuids).await? {
        let steps = &mut tasks[position[&task]].steps;
        of_step.insert(step.step, (position[&task], steps.len()));
        steps.push(step);
    }
    for (step, transition) in step_transitions(connection, &uuids).await? {
        if let Some((task, index)) = of_step.get(&step) {
            tasks[*task].steps[*index].transitions.push(transition);
        }
    }
    for (step, audit) in audits(connection, &uuids).await? {
        if let Some((task, index)) = of_step.get(&step) {
            tasks[*task].steps[*index].audits.push(audit);
        }
    }
    for (task, edge) in edges(connection, &uuids).await? {
        tasks[position[&task]].edges.push(edge);
    }
    Ok(tasks)
}

fn at(row: &sqlx::postgres::PgRow, column: &str) -> DateTime<Utc> {
    row.get::<NaiveDateTime, _>(column).and_utc()
}

async fn task_transitions(
    connection: &mut PgConnection,
    tasks: &[Uuid],
) -> Result<Vec<(Uuid, Transition<TaskState>)>, Unseen> {
    use crate::history::State;
    let rows = sqlx::query(
        "SELECT task_uuid, from_state, to_state, sort_key, most_recent, processor_uuid, created_at, \
                coalesce(metadata->>'atomic_finalization' = 'true' \
                         OR metadata->>'reason' = 'staleness_timeout' \
                         OR transition_metadata->>'reason' = 'staleness_timeout', false) AS privileged \
         FROM tasker.task_transitions WHERE task_uuid = ANY($1) \
         ORDER BY task_uuid, sort_key, created_at",
    )
    .bind(tasks)
    .fetch_all(&mut *connection)
    .await
    .map_err(unseen("the transitions of tasks"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let from: Option<&str> = row.get("from_state");
            let transition = Transition {
                from: from.map(TaskState::parse),
                to: TaskState::parse(row.get("to_state")),
                sort_key: row.get("sort_key"),
                most_recent: row.get("most_recent"),
                processor: row.get("processor_uuid"),
                at: at(row, "created_at"),
                privileged: row.get("privileged"),
            };
            (row.get("task_uuid"), transition)
        })
        .collect())
}

async fn steps(
    connection: &mut PgConnection,
    tasks: &[Uuid],
) -> Result<Vec<(Uuid, StepHistory)>, Unseen> {
    let rows = sqlx::query(
        "SELECT step.task_uuid, step.workflow_step_uuid, named.name, step.attempts, \
                step.max_attempts, step.in_process, step.processed, \
                step.results IS NOT NULL AS has_result \
         FROM tasker.workflow_steps step \
         JOIN tasker.named_steps named USING (named_step_uuid) \
         WHERE step.task_uuid = ANY($1) ORDER BY step.task_uuid, step.workflow_step_uuid",
    )
    .bind(tasks)
    .fetch_all(&mut *connection)
    .await
    .map_err(unseen("the steps"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let step = StepHistory {
                step: row.get("workflow_step_uuid"),
                name: row.get("name"),
                attempts: row.get::<Option<i32>, _>("attempts").unwrap_or(0),
                max_attempts: row.get::<Option<i32>, _>("max_attempts").unwrap_or(0),
                in_process: row.get("in_process"),
                processed: row.get("processed"),
                has_result: row.get("has_result"),
                transitions: Vec::new(),
                audits: Vec::new(),
            };
            (row.get("task_uuid"), step)
        })
        .collect())
}

async fn step_transitions(
    connection: &mut PgConnection,
    tasks: &[Uuid],
) -> Result<Vec<(Uuid, Transition<StepState>)>, Unseen> {
    use crate::history::State;
    let rows = sqlx::query(
        "SELECT transition.workflow_step_uuid, transition.from_state, transition.to_state, \
                transition.sort_key, transition.most_recent, transition.created_at, \
                coalesce(left(transition.metadata->>'event', 40) ~ $2, false) AS by_hand \
         FROM tasker.workflow_step_transitions transition \
         JOIN tasker.workflow_steps step USING (workflow_step_uuid) \
         WHERE step.task_uuid = ANY($1) \
         ORDER BY transition.workflow_step_uuid, transition.sort_key, transition.created_at",
    )
    .bind(tasks)
    .bind(BY_HAND)
    .fetch_all(&mut *connection)
    .await
    .map_err(unseen("the transitions of steps"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let from: Option<&str> = row.get("from_state");
            let transition = Transition {
                from: from.map(StepState::parse),
                to: StepState::parse(row.get("to_state")),
                sort_key: row.get("sort_key"),
                most_recent: row.get("most_recent"),
                processor: None,
                at: at(row, "created_at"),
                privileged: row.get("by_hand"),
            };
            (row.get("workflow_step_uuid"), transition)
        })
        .collect())
}

async fn audits(
    connection: &mut PgConnection,
    tasks: &[Uuid],
) -> Result<Vec<(Uuid, Audit)>, Unseen> {
    let rows = sqlx::query(
        "SELECT workflow_step_uuid, worker_uuid, success, recorded_at \
         FROM tasker.workflow_step_result_audit WHERE task_uuid = ANY($1) ORDER BY recorded_at",
    )
    .bind(tasks)
    .fetch_all(&mut *connection)
    .await
    .map_err(unseen("the audit of results"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let audit = Audit {
                worker: row.get("worker_uuid"),
                success: row.get("success"),
                at: at(row, "recorded_at"),
            };
            (row.get("workflow_step_uuid"), audit)
        })
        .collect())
}

async fn edges(connection: &mut PgConnection, tasks: &[Uuid]) -> Result<Vec<(Uuid, Edge)>, Unseen> {
    let rows: Vec<(Uuid, Uuid, Uuid)> = sqlx::query_as(
        "SELECT step.task_uuid, edge.from_step_uuid, edge.to_step_uuid \
         FROM tasker.workflow_step_edges edge \
         JOIN tasker.workflow_steps step ON step.workflow_step_uuid = edge.to_step_uuid \
         WHERE step.task_uuid = ANY($1)",
    )
    .bind(tasks)
    .fetch_all(&mut *connection)
    .await
    .map_err(unseen("the edges between steps"))?;
    Ok(rows
        .into_iter()
        .map(|(task, parent, child)| (task, Edge { parent, child }))
        .collect())
}
