//! Tests that disturb the cluster: each is alone at it and puts it right again.

mod duplicate_result_test;
mod graceful_stop_test;
mod orchestration_server_killed_test;
mod postgres_restarted_test;
mod worker_killed_test;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use cluster_verify::collect::postgres::Databases;
use cluster_verify::collect::witness;
use serde_json::json;
use tasker_shared::models::core::task_request::TaskRequest;
use uuid::Uuid;

use crate::common::{
    Environment, FORGOTTEN, MultiInstanceTestManager, Verdict, create_task_request,
    wait_for_rest_or_stranded, wait_until,
};

const SLOW_NAMESPACE: &str = "rust_e2e_slow";
/// A task that has not moved for so long, and that nothing will bring on, moves no more.
const STANDS_STILL: Duration = Duration::from_secs(8);
/// A message that the victim had read comes back after the visibility timeout of 30 s, at each step anew.
const UNTIL_AT_REST: Duration = Duration::from_secs(180);

fn slow_request(sleep_ms: u64) -> TaskRequest {
    create_task_request(SLOW_NAMESPACE, "slow", json!({"sleep_ms": sleep_ms}))
}

/// Waits until workers have steps of these tasks in hand, and says which has most, and how many.
async fn most_in_hand(tasks: &[Uuid], timeout: Duration) -> Result<(String, usize)> {
    let tasks: HashSet<Uuid> = tasks.iter().copied().collect();
    wait_until(timeout, async || {
        let view = witness::of_tasks(&Environment::get().project, &tasks);
        let view = view.seen().map_err(|unseen| anyhow!("{unseen}"))?;
        let mut in_hand: BTreeMap<&str, usize> = BTreeMap::new();
        let runs = view.open.iter().flat_map(|step| &step.runs);
        for run in runs.filter(|run| run.finished.is_none()) {
            *in_hand.entry(&run.instance).or_default() += 1;
        }
        let most = in_hand.into_iter().max_by_key(|(_, steps)| *steps);
        let (instance, steps) = most.context("no worker has a step in hand")?;
        Ok((instance.to_owned(), steps))
    })
    .await
}

/// Cancels what would stand for ever, so that it is not in the way of whoever looks next.
async fn cancel(manager: &MultiInstanceTestManager, stranded: &[Uuid]) -> Result<()> {
    for task in stranded {
        let client = manager.cluster.get_client();
        client
            .cancel_task(*task)
            .await
            .with_context(|| format!("cancel task {task}"))?;
    }
    Ok(())
}

/// Waits until each task is at rest or stranded, and judges them all. Some tasks are stranded and some are
/// not, and the verifier has a finding of one of these codes for each that is.
async fn at_rest_or_stranded(
    manager: &MultiInstanceTestManager,
    databases: &Databases,
    namespaces: &[&str],
    tasks: &[Uuid],
    codes: &[&str],
) -> Result<(Vec<Uuid>, Verdict)> {
    let mut unmoved = STANDS_STILL;
    loop {
        let stranded =
            wait_for_rest_or_stranded(databases, namespaces, tasks, unmoved, UNTIL_AT_REST).await?;
        let verdict = manager.judge(tasks).await?;
        let explained = |task: &&Uuid| {
            let named = |code: &&str| {
                let mut findings = verdict.findings(code).into_iter();
                findings.any(|finding| finding.subject.contains(&task.to_string()))
            };
            codes.iter().any(named) || verdict.is_excused(**task)
        };
        let unexplained: Vec<&Uuid> = stranded.iter().filter(|task| !explained(task)).collect();
        if unexplained.is_empty() {
            ensure!(
                stranded.len() < tasks.len(),
                "all of {} tasks are stranded",
                tasks.len()
            );
            return Ok((stranded, verdict));
        }
        ensure!(
            unmoved < FORGOTTEN,
            "the verifier has none of {codes:?} for stranded tasks: {unexplained:?}"
        );
        // What no process says that it has in hand the verifier takes for stranded after a minute.
        unmoved = FORGOTTEN;
    }
}

/// Accepts that tasks are stranded which the verifier explains by the fault.
fn stranded_by(verdict: Verdict, stranded: &[Uuid], codes: &[&str], reason: &str) -> Verdict {
    codes
        .iter()
        .chain(&["CV502"])
        .fold(verdict, |verdict, code| {
            verdict.attribute(code, reason, |finding| {
                let named = finding.evidence.get("task").unwrap_or(&finding.subject);
                stranded
                    .iter()
                    .any(|task| named.contains(&task.to_string()))
            })
        })
}
