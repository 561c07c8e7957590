//! A made-up history in a database of the engine's schema, with faults in it.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use cluster_verify::evidence::HistoryView;
use cluster_verify::history::model::{Choices, bytes, life};
use cluster_verify::history::mutations::MUTATIONS;
use cluster_verify::history::{RULES, State, StepHistory, TaskHistory, Transition};
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{Executor, PgPool};
use uuid::Uuid;

/// One task in so many has a fault.
const SEEDED: u64 = 20;
/// Tasks that are made up and sent at a time.
const BATCH: u64 = 2000;
const STEPS: usize = 12;

/// What the engine writes beside a transition, as long as it mostly is.
const ROUTINE: &str = r#"{"event": "{\\"type\\":\\"EnqueueForOrchestration\\"}", "timestamp": "2026-01-02T03:04:05.678901+00:00", "sequence": 7}"#;
const BY_HAND: &str = r#"{"event": "{\\"type\\":\\"CompleteManually\\",\\"data\\":null}", "timestamp": "2026-01-02T03:04:05.678901+00:00"}"#;

/// Makes up tasks until they have so many transitions, loads them, and returns what must be found in them.
pub async fn load(pool: &PgPool, transitions: u64) -> Result<HistoryView, sqlx::Error> {
    names(pool).await?;
    let mut expected = HistoryView::default();
    let mut number = 0;
    while expected.transitions < transitions {
        let mut rows = Rows::default();
        for _ in 0..BATCH {
            let task = made_up(number);
            rows.add(&task);
            expected.add(task);
            number += 1;
        }
        rows.send(pool).await?;
    }
    pool.execute("ANALYZE").await?;
    Ok(expected)
}

/// What must be found is counted by the rules themselves; that they are right is held here against what was seeded.
fn made_up(number: u64) -> TaskHistory {
    let mut task = life(number, &mut Choices::new(&bytes(number)));
    assert_eq!(firing(&task), [""; 0], "a legal life: {task:#?}");
    if number.is_multiple_of(SEEDED) {
        let which = usize::try_from(number / SEEDED).unwrap_or_default();
        let (code, mutate) = MUTATIONS[which % MUTATIONS.len()];
        if mutate(&mut task, which) {
            let found = firing(&task);
            assert!(found.contains(&code), "{code} not in {found:?}: {task:#?}");
        }
    }
    task
}

/// The codes of the rules that fire on a task.
fn firing(task: &TaskHistory) -> Vec<&'static str> {
    let fires = RULES.iter().filter(|rule| !(rule.judge)(task).is_empty());
    fires.map(|rule| rule.code).collect()
}

/// By code: tasks in which a rule fires, and how often it does.
pub fn found(view: &HistoryView) -> BTreeMap<String, (u64, u64)> {
    let counts = view.counts.iter();
    counts
        .map(|(code, count)| (code.clone(), (count.tasks, count.breaches)))
        .collect()
}

fn step_name(index: usize) -> Uuid {
    Uuid::from_u128(0x5000 + index as u128)
}

/// The names that all tasks share; and nothing stands in the way of faults any more.
async fn names(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut script = String::from(
        "DROP INDEX IF EXISTS tasker.idx_task_transitions_uuid_most_recent, \
                              tasker.idx_workflow_step_transitions_uuid_most_recent; \
         INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at) \
             VALUES ('00000000-0000-0000-0000-000000000001', 'model', now(), now()); \
         INSERT INTO tasker.named_tasks (named_task_uuid, task_namespace_uuid, name, created_at, updated_at) \
             VALUES ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', \
                     'made_up', now(), now());",
    );
    for index in 0..STEPS {
        let _ = write!(
            script,
            "INSERT INTO tasker.named_steps (named_step_uuid, name, created_at, updated_at) \
             VALUES ('{}', 'step_{index}', now(), now());",
            step_name(index)
        );
    }
    sqlx::raw_sql(&script).execute(pool).await?;
    Ok(())
}

/// Rows of the tables, as text for COPY.
#[derive(Default)]
struct Rows {
    tasks: String,
    task_transitions: String,
    steps: String,
    step_transitions: String,
    audits: String,
    edges: String,
}

impl Rows {
    fn add(&mut self, task: &TaskHistory) {
        let (uuid, at) = (task.task, time(task.created_at));
        line(
            &mut self.tasks,
            format_args!(
                "{uuid}\t00000000-0000-0000-0000-000000000002\t{}\t{at}\t{uuid}\t{at}\t{at}\t{}",
                task.complete, task.correlation
            ),
        );
        for it in &task.transitions {
            line(
                &mut self.task_transitions,
                format_args!(
                    "{uuid}\t{}",
                    transition(it, r#"{"atomic_finalization": true}"#)
                ),
            );
        }
        for (index, step) in task.steps.iter().enumerate() {
            self.step(task, index, step);
        }
        for (index, edge) in task.edges.iter().enumerate() {
            line(
                &mut self.edges,
                format_args!(
                    "{}\t{}\tprovides {index}\t{at}\t{at}",
                    edge.parent, edge.child
                ),
            );
        }
    }

    fn step(&mut self, task: &TaskHistory, index: usize, step: &StepHistory) {
        let (uuid, at) = (step.step, time(task.created_at));
        let result = match (step.has_result, step.asks_for_batch) {
            (false, _) => "\\N",
            (true, false) => r#"{"result": 1296, "success": true}"#,
            (true, true) => {
                r#"{"result": {"batch_processing_outcome": {"type": "create_batches"}}, "success": true}"#
            }
        };
        line(
            &mut self.steps,
            format_args!(
                "{uuid}\t{}\t{}\t{}\t{}\t{}\t{}\t{result}\t{at}\t{at}",
                task.task,
                step_name(index),
                step.max_attempts,
                step.in_process,
                step.processed,
                step.attempts
            ),
        );
        for it in &step.transitions {
            line(
                &mut self.step_transitions,
                format_args!("{uuid}\t{}", transition(it, BY_HAND)),
            );
        }
        for audit in &step.audits {
            let transition = Uuid::now_v7();
            line(
                &mut self.audits,
                format_args!(
                    "{uuid}\t{transition}\t{}\t{}\t{}\t{}",
                    task.task,
                    time(audit.at),
                    audit
                        .worker
                        .map_or("\\N".to_owned(), |worker| worker.to_string()),
                    audit.success
                ),
            );
        }
    }

    async fn send(self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let tables = [
            (
                "tasks (task_uuid, named_task_uuid, complete, requested_at, identity_hash, created_at, updated_at, correlation_id)",
                self.tasks,
            ),
            (
                "task_transitions (task_uuid, from_state, to_state, sort_key, most_recent, created_at, updated_at, metadata)",
                self.task_transitions,
            ),
            (
                "workflow_steps (workflow_step_uuid, task_uuid, named_step_uuid, max_attempts, in_process, processed, attempts, results, created_at, updated_at)",
                self.steps,
            ),
            (
                "workflow_step_transitions (workflow_step_uuid, from_state, to_state, sort_key, most_recent, created_at, updated_at, metadata)",
                self.step_transitions,
            ),
            (
                "workflow_step_result_audit (workflow_step_uuid, workflow_step_transition_uuid, task_uuid, recorded_at, worker_uuid, success)",
                self.audits,
            ),
            (
                "workflow_step_edges (from_step_uuid, to_step_uuid, name, created_at, updated_at)",
                self.edges,
            ),
        ];
        for (table, rows) in tables {
            let mut copy = pool
                .copy_in_raw(&format!("COPY tasker.{table} FROM STDIN"))
                .await?;
            copy.send(rows.into_bytes()).await?;
            copy.finish().await?;
        }
        Ok(())
    }
}

fn line(rows: &mut String, row: std::fmt::Arguments<'_>) {
    let _ = rows.write_fmt(row);
    rows.push('\n');
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%F %T%.6f").to_string()
}

fn transition<S: State>(it: &Transition<S>, privileged: &str) -> String {
    let at = time(it.at);
    format!(
        "{}\t{}\t{}\t{}\t{at}\t{at}\t{}",
        it.from.map_or("\\N", State::name),
        it.to.name(),
        it.sort_key,
        it.most_recent,
        if it.privileged { privileged } else { ROUTINE }
    )
}
