//! Reads the whole history of the tasks of one span.

use std::collections::HashMap;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::span::{Span, array};
use crate::collect::postgres::copy::{Row, copy};
use crate::collect::postgres::unseen;
use crate::evidence::Unseen;
use crate::history::{Audit, Edge, State, StepHistory, TaskHistory, Transition};

/// A span is a small part of each table, which the planner cannot know of tables that have just
/// grown; it would read them whole, and compile its plan first.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
    SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0";

/// How the engine writes down that an operator completed, resolved or reset a step.
const BY_HAND: &str = "(transition.to_state IN ('complete', 'resolved_manually', 'pending') \
    AND coalesce(left(transition.metadata->>'event', 40) \
        ~ '^\\{\"type\":\"(CompleteManually|ResolveManually|ResetForRetry)\"', false))";

/// The tasks of a span by uuid, each with all that the database has of it.
///
/// # Errors
/// The query that failed.
pub async fn read(pool: &PgPool, span: &Span) -> Result<Vec<TaskHistory>, Unseen> {
    // One snapshot for all queries: a task in motion must not look torn.
    let mut snapshot = pool
        .begin_with(BEGIN)
        .await
        .map_err(unseen("the history"))?;
    let mut found = Found::default();
    found.tasks(&mut snapshot, span).await?;
    let Some(of_task) = of_task(span, &found.all) else {
        return Ok(Vec::new());
    };
    found.task_transitions(&mut snapshot, &of_task).await?;
    found.steps(&mut snapshot, &of_task).await?;
    found.step_transitions(&mut snapshot, &of_task).await?;
    found.audits(&mut snapshot, &of_task).await?;
    found.edges(&mut snapshot, &of_task).await?;
    snapshot.rollback().await.map_err(unseen("the history"))?;
    Ok(found.in_order())
}

/// The condition on a `task_uuid`, for the rows that belong to tasks: a range of uuids, which are in the
/// order of creation, is one walk over an index. Rows of other tasks in it are passed over.
fn of_task(span: &Span, tasks: &[TaskHistory]) -> Option<String> {
    let uuids = || tasks.iter().map(|task| task.task);
    let (first, last) = (uuids().min()?, uuids().max()?);
    Some(match span {
        Span::Between { .. } => format!("BETWEEN '{first}' AND '{last}'"),
        Span::These(_) => format!("= ANY({})", array(&uuids().collect::<Vec<_>>())),
    })
}

#[derive(Default)]
struct Found {
    all: Vec<TaskHistory>,
    of_task: HashMap<Uuid, usize>,
    /// Places of the task and of the step in it.
    of_step: HashMap<Uuid, (usize, usize)>,
}

impl Found {
    async fn tasks(&mut self, snapshot: &mut PgConnection, span: &Span) -> Result<(), Unseen> {
        let query = format!(
            "SELECT task.task_uuid, task.correlation_id, task.complete, task.created_at, \
                    named.name, namespace.name \
             FROM tasker.tasks task \
             JOIN tasker.named_tasks named USING (named_task_uuid) \
             JOIN tasker.task_namespaces namespace USING (task_namespace_uuid) \
             WHERE {}",
            span.condition()
        );
        let what = "the tasks";
        copy(snapshot, &query, what).await?.rows(what, |row| {
            let task = TaskHistory {
                task: row.get()?,
                correlation: row.get()?,
                complete: row.get()?,
                created_at: row.get()?,
                template: row.get::<&str>()?.to_owned(),
                namespace: row.get::<&str>()?.to_owned(),
                transitions: Vec::new(),
                steps: Vec::new(),
                edges: Vec::new(),
            };
            self.of_task.insert(task.task, self.all.len());
            self.all.push(task);
            Some(())
        })
    }

    fn task(&mut self, uuid: Uuid) -> Option<&mut TaskHistory> {
        self.all.get_mut(*self.of_task.get(&uuid)?)
    }

    fn step(&mut self, uuid: Uuid) -> Option<&mut StepHistory> {
        let (task, step) = *self.of_step.get(&uuid)?;
        self.all.get_mut(task)?.steps.get_mut(step)
    }

    async fn task_transitions(
        &mut self,
        snapshot: &mut PgConnection,
        of_task: &str,
    ) -> Result<(), Unseen> {
        let query = format!(
            "SELECT task_uuid, from_state, to_state, sort_key, most_recent, created_at, \
                    coalesce(metadata->>'atomic_finalization' = 'true' \
                             OR metadata->>'reason' = 'staleness_timeout' \
                             OR transition_metadata->>'reason' = 'staleness_timeout', false), \
                    processor_uuid \
             FROM tasker.task_transitions WHERE task_uuid {of_task}"
        );
        let what = "the transitions of tasks";
        copy(snapshot, &query, what).await?.rows(what, |row| {
            let task = row.get()?;
            let transition = transition(row)?;
            let processor = row.optional()?;
            if let Some(task) = self.task(task) {
                task.transitions.push(Transition {
                    processor,
                    ..transition
                });
            }
            Some(())
        })
    }

    async fn steps(&mut self, snapshot: &mut PgConnection, of_task: &str) -> Result<(), Unseen> {
        let query = format!(
            "SELECT step.task_uuid, step.workflow_step_uuid, named.name, step.attempts, \
                    step.max_attempts, step.in_process, step.processed, step.results IS NOT NULL, \
                    coalesce(step.results #>> '{{result,batch_processing_outcome,type}}' = 'create_batches', false) \
             FROM tasker.workflow_steps step \
             JOIN tasker.named_steps named USING (named_step_uuid) \
             WHERE step.task_uuid {of_task} ORDER BY step.workflow_step_uuid"
        );
        let what = "the steps";
        copy(snapshot, &query, what).await?.rows(what, |row| {
            let task = row.get()?;
            let step = StepHistory {
                step: row.get()?,
                name: row.get::<&str>()?.to_owned(),
                attempts: row.optional()?.unwrap_or(0),
                max_attempts: row.optional()?.unwrap_or(0),
                in_process: row.get()?,
                processed: row.get()?,
                has_result: row.get()?,
                asks_for_batch: row.get()?,
                transitions: Vec::new(),
                audits: Vec::new(),
            };
            if let Some(place) = self.of_task.get(&task) {
                let steps = &mut self.all[*place].steps;
                self.of_step.insert(step.step, (*place, steps.len()));
                steps.push(step);
            }
            Some(())
        })
    }

    async fn step_transitions(
        &mut self,
        snapshot: &mut PgConnection,
        of_task: &str,
    ) -> Result<(), Unseen> {
        let query = format!(
            "SELECT transition.workflow_step_uuid, transition.from_state, transition.to_state, \
                    transition.sort_key, transition.most_recent, transition.created_at, {BY_HAND} \
             FROM tasker.workflow_step_transitions transition \
             JOIN tasker.workflow_steps step USING (workflow_step_uuid) \
             WHERE step.task_uuid {of_task}"
        );
        let what = "the transitions of steps";
        copy(snapshot, &query, what).await?.rows(what, |row| {
            let step = row.get()?;
            let transition = transition(row)?;
            if let Some(step) = self.step(step) {
                step.transitions.push(transition);
            }
            Some(())
        })
    }

    async fn audits(&mut self, snapshot: &mut PgConnection, of_task: &str) -> Result<(), Unseen> {
        let query = format!(
            "SELECT workflow_step_uuid, worker_uuid, success, recorded_at \
             FROM tasker.workflow_step_result_audit WHERE task_uuid {of_task}"
        );
        let what = "the audit of results";
        copy(snapshot, &query, what).await?.rows(what, |row| {
            let step = row.get()?;
            let audit = Audit {
                worker: row.optional()?,
                success: row.get()?,
                at: row.get()?,
            };
            if let Some(step) = self.step(step) {
                step.audits.push(audit);
            }
            Some(())
        })
    }

    async fn edges(&mut self, snapshot: &mut PgConnection, of_task: &str) -> Result<(), Unseen> {
        let query = format!(
            "SELECT step.task_uuid, edge.from_step_uuid, edge.to_step_uuid \
             FROM tasker.workflow_step_edges edge \
             JOIN tasker.workflow_steps step ON step.workflow_step_uuid = edge.to_step_uuid \
             WHERE step.task_uuid {of_task}"
        );
        let what = "the edges between steps";
        copy(snapshot, &query, what).await?.rows(what, |row| {
            let task = row.get()?;
            let edge = Edge {
                parent: row.get()?,
                child: row.get()?,
            };
            if let Some(task) = self.task(task) {
                task.edges.push(edge);
            }
            Some(())
        })
    }

    /// Rows come as the database has them; here they are few enough to sort.
    fn in_order(mut self) -> Vec<TaskHistory> {
        for task in &mut self.all {
            task.transitions.sort_by_key(|it| (it.sort_key, it.at));
            for step in &mut task.steps {
                step.transitions.sort_by_key(|it| (it.sort_key, it.at));
                step.audits.sort_by_key(|it| it.at);
            }
        }
        self.all.sort_by_key(|task| task.task);
        self.all
    }
}

/// The fields that transitions of tasks and steps share.
fn transition<S: State>(row: &mut Row<'_>) -> Option<Transition<S>> {
    let from: Option<&str> = row.optional()?;
    Some(Transition {
        from: from.map(S::parse),
        to: S::parse(row.get()?),
        sort_key: row.get()?,
        most_recent: row.get()?,
        at: row.get()?,
        privileged: row.get()?,
        processor: None,
    })
}
