//! An orchestration server is killed while tasks run.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use cluster_verify::collect::canary::AT_REST;
use cluster_verify::collect::identity;
use cluster_verify::topology::Role;
use sqlx::PgPool;
use uuid::Uuid;

use super::{SLOW_NAMESPACE, at_rest_or_stranded, cancel, slow_request, stranded_by};
use crate::common::{
    Environment, LifecycleTestManager, MultiInstanceTestManager, create_fan_out_task_request, say,
    turn, uuids, wait_until,
};

const VICTIM: &str = "orchestration-1";
const NAMESPACE: &str = "rust_e2e_fan_out";
const WIDTH: usize = 10;
const UNTIL_AT_WORK: Duration = Duration::from_secs(30);
const UNTIL_BACK: Duration = Duration::from_secs(60);
const EXPLAINED_BY: [&str; 3] = ["CV616", "CV617", "CV618"];

#[tokio::test]
async fn tasks_of_a_killed_orchestration_server_are_finished_by_another_or_reported() -> Result<()>
{
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return crate::common::skip(&reason);
    }
    let turn = turn::alone()?;
    let _repair = turn.repair()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let (victim, others) = processors()?;
    let wide = vec![create_fan_out_task_request(WIDTH); 6];
    let mut created = manager.create_tasks_concurrent(wide).await?;
    // Last, so that they are still with their workers when the victim is gone: another server has something to finish.
    let slow = vec![slow_request(5_000); 6];
    created.extend(manager.create_tasks_concurrent(slow).await?);
    let tasks = uuids(&created)?;
    let in_hand = wait_until(UNTIL_AT_WORK, async || {
        let in_hand = in_hand(&database.pool, &tasks, victim).await?;
        ensure!(in_hand > 0, "{VICTIM} has no task in hand that goes on");
        Ok(in_hand)
    })
    .await?;

    let killed = turn.kill(VICTIM)?;
    let at = Utc::now();

    wait_until(UNTIL_BACK, async || turn.is_back(VICTIM, killed)).await?;
    let (stranded, verdict) = at_rest_or_stranded(
        &manager,
        &database.databases,
        &[NAMESPACE, SLOW_NAMESPACE],
        &tasks,
        &EXPLAINED_BY,
    )
    .await?;
    let finished = finished_by(&database.pool, &tasks, &others, at).await?;
    say(format_args!(
        "{VICTIM} was killed with {in_hand} of {} tasks in hand: {} stranded; others finished {finished} after that",
        tasks.len(),
        stranded.len()
    ));
    ensure!(
        finished > 0,
        "no other server finished a task after {VICTIM} was killed"
    );
    cancel(&manager, &stranded).await?;
    let reason = "a task in the hands of a killed orchestration server has no lease that runs out";
    stranded_by(verdict, &stranded, &EXPLAINED_BY, reason).accept()
}

/// What the victim signs its transitions with, and what the other servers do.
fn processors() -> Result<(Uuid, Vec<Uuid>)> {
    let environment = Environment::get();
    let records = identity::collect(&environment.project, &environment.topology);
    let (mut victim, mut others) = (None, Vec::new());
    for (_, server) in environment.topology.with_role(Role::Orchestration) {
        let record = records.get(&server.id).and_then(|record| record.ok());
        let processor = record.and_then(|record| record.processor_uuid.as_deref());
        let processor = processor.with_context(|| format!("{} has no record", server.id))?;
        if server.id == VICTIM {
            victim = Some(processor.parse()?);
        } else {
            others.push(processor.parse()?);
        }
    }
    Ok((victim.context("no victim")?, others))
}

/// How many open tasks were moved last by this server, past their creation.
async fn in_hand(pool: &PgPool, tasks: &[Uuid], processor: Uuid) -> Result<i64> {
    let query = "SELECT count(*) FROM tasker.task_transitions \
                 WHERE most_recent AND task_uuid = ANY($1) AND processor_uuid = $2 \
                   AND to_state <> 'pending' AND to_state <> ALL($3)";
    let count = sqlx::query_scalar(query)
        .bind(tasks)
        .bind(processor)
        .bind(AT_REST.map(str::to_owned));
    Ok(count.fetch_one(pool).await?)
}

/// How many tasks were completed by these servers after a moment.
async fn finished_by(
    pool: &PgPool,
    tasks: &[Uuid],
    processors: &[Uuid],
    after: DateTime<Utc>,
) -> Result<i64> {
    let query = "SELECT count(DISTINCT task_uuid) FROM tasker.task_transitions \
                 WHERE to_state = 'complete' AND task_uuid = ANY($1) AND processor_uuid = ANY($2) \
                   AND created_at > $3";
    let count = sqlx::query_scalar(query)
        .bind(tasks)
        .bind(processors)
        .bind(after.naive_utc());
    Ok(count.fetch_one(pool).await?)
}
