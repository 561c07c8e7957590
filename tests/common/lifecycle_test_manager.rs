//! The cluster's database alone, without any service.

use anyhow::{Context, Result};
use cluster_verify::collect::postgres::{self, Databases};
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::Environment;

/// Looks at the database, and tries things in transactions that are rolled back.
#[derive(Debug)]
pub struct LifecycleTestManager {
    /// The database of the tasks.
    pub pool: PgPool,
    /// The same, and that of the queues, which is another one where the cluster is split.
    pub databases: Databases,
}

/// A row of `task_transitions` or `workflow_step_transitions`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TransitionRow {
    pub from_state: Option<String>,
    pub to_state: String,
    pub sort_key: i32,
    pub most_recent: bool,
}

impl LifecycleTestManager {
    /// Connects to the running cluster's database.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn setup() -> Result<Self> {
        let environment = Environment::get();
        let databases = postgres::connect(&environment.project, &environment.topology)
            .await
            .map_err(|unseen| anyhow::anyhow!("{unseen}: ./dev up --wait"))?;
        Ok(Self {
            pool: PgPool::clone(&databases),
            databases,
        })
    }

    /// A transaction that is rolled back when it is dropped: no server and no worker ever sees it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        self.pool.begin().await.context("begin a transaction")
    }

    /// The life of a task, first to last.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn get_task_transitions(&self, task: Uuid) -> Result<Vec<TransitionRow>> {
        let query = "SELECT from_state, to_state, sort_key, most_recent \
                     FROM tasker.task_transitions WHERE task_uuid = $1 ORDER BY sort_key, created_at";
        let rows = sqlx::query_as(query).bind(task).fetch_all(&self.pool).await;
        rows.with_context(|| format!("the transitions of task {task}"))
    }

    /// The life of a step, first to last.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn get_step_transitions(&self, step: Uuid) -> Result<Vec<TransitionRow>> {
        let query = "SELECT from_state, to_state, sort_key, most_recent \
                     FROM tasker.workflow_step_transitions \
                     WHERE workflow_step_uuid = $1 ORDER BY sort_key, created_at";
        let rows = sqlx::query_as(query).bind(step).fetch_all(&self.pool).await;
        rows.with_context(|| format!("the transitions of step {step}"))
    }
}
