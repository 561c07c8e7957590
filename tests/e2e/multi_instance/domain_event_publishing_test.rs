//! Domain events read from the queue by correlation id: whichever instance published them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use cluster_verify::check::Finding;
use cluster_verify::collect::{postgres, witness};
use cluster_verify::topology::Workload;
use uuid::Uuid;

use crate::common::{
    Environment, LifecycleTestManager, MultiInstanceTestManager, Sent, of_language, request_for,
    skip, turn, wait_until,
};

const PATIENCE: Duration = Duration::from_secs(150);
/// Events are published after the step is done, and nobody waits for them.
const GRACE: Duration = Duration::from_secs(5);
/// How the step that promises the events ends its name, in every language.
const PAYMENT: &str = "process_payment";

async fn events_of(sent: &Sent) -> Result<BTreeMap<String, u64>> {
    let database = LifecycleTestManager::setup().await?;
    let correlation = sent.request.correlation_id.to_string();
    postgres::events_of(&database.databases, &sent.request.namespace, &correlation)
        .await
        .map_err(|unseen| anyhow!("{unseen}"))
}

/// How often the handler of the payment ended, by its own account.
fn payments(task: Uuid) -> Result<u64> {
    let steps = witness::of_task(&Environment::get().project, task);
    let steps = steps.seen().map_err(|unseen| anyhow!("{unseen}"))?;
    let payment = steps.iter().find(|step| step.name.ends_with(PAYMENT));
    let runs = payment.iter().flat_map(|step| &step.runs);
    Ok(runs.filter(|run| run.finished.is_some()).count() as u64)
}

/// Two tasks that go well and one that fails: each run of the payment leaves its own durable event, and no other's.
async fn each_durable_event_is_in_the_queue_once(language: &str) -> Result<()> {
    let _turn = turn::beside_others()?;
    let workloads = of_language(language)?;
    if workloads.is_empty() {
        return skip(&format!(
            "the cluster has no {language} worker: ./dev up --wait starts all"
        ));
    }
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let events = workloads
        .iter()
        .filter(|workload| workload.template.starts_with("domain_event"));
    let (mut sent, mut tasks) = (Vec::new(), Vec::new());
    for workload in events {
        let copies = if workload.outcome == "complete" { 2 } else { 1 };
        for mut one in manager
            .try_create_tasks_concurrent(vec![request_for(workload); copies])
            .await
        {
            tasks.push(one.task()?);
            one.must_fail = workload.outcome != "complete";
            one.expected = workload.results.clone();
            manager.note(one.clone());
            sent.push((one, workload));
        }
    }
    ensure!(
        sent.len() == 3,
        "config/workloads.toml has {} such tasks in {language}",
        sent.len()
    );

    manager.wait_for_tasks_rest(&tasks, PATIENCE).await?;

    let mut published = Vec::new();
    for (one, workload) in &sent {
        let (promised, other) = if one.must_fail {
            ("payment.failed", "payment.processed")
        } else {
            ("payment.processed", "payment.failed")
        };
        let task = one.task()?;
        // An event that is lost is never known, one that is there twice may be.
        let times = wait_until(GRACE, async || {
            let there = events_of(one).await?;
            let times = there.get(promised).copied().unwrap_or(0);
            let runs = payments(task)?;
            ensure!(
                times == runs,
                "{promised} of {task} is {times} times in the queue after {runs} runs: {there:?}"
            );
            ensure!(
                !there.contains_key(other),
                "{other} of {task} is in the queue: {there:?}"
            );
            Ok(times)
        })
        .await?;
        if one.must_fail && times != asked_for(workload)? {
            published.push((task, finding(one, task, promised, times)));
        }
    }
    // 514: of a task that is complete each exactly once.
    let verdict = manager.judge(&tasks).await?;
    // One that was left behind with a retry to come has told of fewer failures.
    published.retain(|(task, _)| !verdict.is_excused(*task));
    let other = published.into_iter().map(|(_, finding)| finding).collect();
    verdict.also("CV514", other)?.accept()
}

/// How often the payment of a task that must fail is tried, and its failure told.
fn asked_for(workload: &Workload) -> Result<u64> {
    let mut steps = workload.attempts.iter();
    let payment = steps.find(|(step, _)| step.ends_with(PAYMENT));
    let (_, attempts) = payment.context("config/workloads.toml has no attempts of the payment")?;
    Ok(u64::try_from(*attempts)?)
}

/// As the verifier tells of a task that is complete. Its runs are as many: the failure of one is told each time.
fn finding(sent: &Sent, task: Uuid, event: &str, times: u64) -> Finding {
    let (namespace, via) = (&sent.request.namespace, &sent.via);
    Finding::about(format!("canary of {namespace} via {via}, event repeated"))
        .observed(format!(
            "its namespace's queue has {event} {times} times, as often as its step was run"
        ))
        .evidence("queue", format!("{namespace}_domain_events"))
        .evidence("task", task)
        .hint(format!(
            "run `cluster-verify task {task}` to see who ran the step twice"
        ))
}

#[tokio::test]
async fn each_durable_event_of_rust_is_in_the_queue_once() -> Result<()> {
    each_durable_event_is_in_the_queue_once("rust").await
}

#[tokio::test]
async fn each_durable_event_of_ruby_is_in_the_queue_once() -> Result<()> {
    each_durable_event_is_in_the_queue_once("ruby").await
}

#[tokio::test]
async fn each_durable_event_of_python_is_in_the_queue_once() -> Result<()> {
    each_durable_event_is_in_the_queue_once("python").await
}

#[tokio::test]
async fn each_durable_event_of_typescript_is_in_the_queue_once() -> Result<()> {
    each_durable_event_is_in_the_queue_once("typescript").await
}
