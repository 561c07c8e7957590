//! The same result is delivered twice: it is applied once.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use cluster_verify::collect::postgres;
use cluster_verify::history::Audit;
use cluster_verify::topology::Role;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::common::{
    Environment, LifecycleTestManager, MultiInstanceTestManager, TransitionRow,
    create_simple_task_request, turn, uuids, wait_until,
};

const PATIENCE: Duration = Duration::from_secs(150);
const UNTIL_TAKEN: Duration = Duration::from_secs(60);
const RESULTS: &str = "orchestration_step_results";

/// The messages of a task's results that wait or, in the archive, have been taken.
async fn results(pool: &PgPool, table: &str, task: Uuid) -> Result<Vec<Value>> {
    let query = format!(
        "SELECT message FROM pgmq.{table}_{RESULTS} WHERE message->>'task_uuid' = $1 ORDER BY msg_id"
    );
    Ok(sqlx::query_scalar(&query)
        .bind(task.to_string())
        .fetch_all(pool)
        .await?)
}

/// As the worker itself sends it.
async fn deliver(pool: &PgPool, message: &Value) -> Result<()> {
    let query = "SELECT tasker.pgmq_send_with_notify($1, $2, 0)";
    sqlx::query(query)
        .bind(RESULTS)
        .bind(message)
        .execute(pool)
        .await?;
    Ok(())
}

async fn nothing_waits(pool: &PgPool, task: Uuid) -> Result<()> {
    wait_until(UNTIL_TAKEN, async || {
        let waiting = results(pool, "q", task).await?;
        ensure!(
            waiting.is_empty(),
            "{} results of task {task} wait in {RESULTS}",
            waiting.len()
        );
        Ok(())
    })
    .await
}

/// All that a result leaves behind.
#[derive(Debug, PartialEq, Eq)]
struct Life {
    task: Vec<TransitionRow>,
    steps: BTreeMap<Uuid, Vec<TransitionRow>>,
    audits: BTreeMap<Uuid, Vec<Audit>>,
}

impl Life {
    async fn of(database: &LifecycleTestManager, task: Uuid) -> Result<Self> {
        let query = "SELECT workflow_step_uuid FROM tasker.workflow_steps WHERE task_uuid = $1";
        let uuids = sqlx::query_scalar(query).bind(task);
        let uuids: Vec<Uuid> = uuids.fetch_all(&database.pool).await?;
        let mut steps = BTreeMap::new();
        for step in &uuids {
            steps.insert(*step, database.get_step_transitions(*step).await?);
        }
        let audits = postgres::audits(&database.pool, &uuids).await;
        Ok(Self {
            task: database.get_task_transitions(task).await?,
            steps,
            audits: audits.map_err(|unseen| anyhow!("{unseen}"))?,
        })
    }
}

#[tokio::test]
async fn a_result_that_comes_again_after_the_task_is_done_changes_nothing() -> Result<()> {
    let turn = turn::alone()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let created = manager
        .create_tasks_concurrent(vec![create_simple_task_request()])
        .await?;
    let task = uuids(&created)?[0];
    manager.wait_for_task_completion(task, PATIENCE).await?;
    nothing_waits(&database.databases.queues, task).await?;
    let taken = results(&database.databases.queues, "a", task).await?;
    ensure!(
        !taken.is_empty(),
        "the results of task {task} are not in the archive of {RESULTS}"
    );
    let before = Life::of(&database, task).await?;

    turn.note("redeliver", &task.to_string())?;
    for message in &taken {
        deliver(&database.databases.queues, message).await?;
    }

    nothing_waits(&database.databases.queues, task).await?;
    manager.verify_task_consistency(task).await?;
    let verdict = manager.judge(&[task]).await?;
    let after = Life::of(&database, task).await?;
    ensure!(
        before == after,
        "the task moved again: {before:#?}, then {after:#?}"
    );
    verdict.accept()
}

#[tokio::test]
async fn a_result_that_is_there_twice_when_the_servers_look_is_applied_once() -> Result<()> {
    let turn = turn::alone()?;
    let _repair = turn.repair()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let servers: Vec<&str> = Environment::get()
        .topology
        .with_role(Role::Orchestration)
        .map(|(_, server)| server.id.as_str())
        .collect();
    // A step that takes a while, so that no result is there before every server is halted.
    let created = manager
        .create_tasks_concurrent(vec![super::slow_request(3000)])
        .await?;
    let task = uuids(&created)?[0];
    wait_until(UNTIL_TAKEN, async || {
        let task = manager.cluster.get_client().get_task(task).await?;
        ensure!(task.in_progress_steps > 0, "no worker has claimed the step");
        Ok(())
    })
    .await?;

    for server in &servers {
        turn.freeze(server)?;
    }
    let result = wait_until(UNTIL_TAKEN, async || {
        let waiting = results(&database.databases.queues, "q", task).await?;
        waiting.into_iter().next().context("no result yet")
    })
    .await?;
    turn.note("redeliver", &task.to_string())?;
    deliver(&database.databases.queues, &result).await?;
    for server in &servers {
        turn.thaw(server)?;
    }

    manager
        .wait_for_tasks_completion(vec![task], PATIENCE)
        .await?;
    nothing_waits(&database.databases.queues, task).await?;
    // 607 and 608: completed once; 613: one accepted result.
    manager.judge(&[task]).await?.accept()
}
