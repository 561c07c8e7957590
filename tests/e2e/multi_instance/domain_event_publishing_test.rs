//! Domain events read from the queue by correlation id: whichever instance published them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use cluster_verify::collect::postgres;

use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, Sent, of_language, request_for, skip, turn,
    wait_until,
};

const PATIENCE: Duration = Duration::from_secs(150);
/// Events are published after the step is done, and nobody waits for them.
const GRACE: Duration = Duration::from_secs(5);

async fn events_of(sent: &Sent) -> Result<BTreeMap<String, u64>> {
    let database = LifecycleTestManager::setup().await?;
    let correlation = sent.request.correlation_id.to_string();
    postgres::events_of(&database.databases, &sent.request.namespace, &correlation)
        .await
        .map_err(|unseen| anyhow!("{unseen}"))
}

/// Two tasks that go well and one that fails: each leaves its own durable event, and no other's.
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
            sent.push(one);
        }
    }
    ensure!(
        sent.len() == 3,
        "config/workloads.toml has {} such tasks in {language}",
        sent.len()
    );

    manager.wait_for_tasks_rest(&tasks, PATIENCE).await?;

    for one in &sent {
        let (promised, other) = if one.must_fail {
            ("payment.failed", "payment.processed")
        } else {
            ("payment.processed", "payment.failed")
        };
        // An event that is lost is never known, one that is there twice may be.
        wait_until(GRACE, async || {
            let there = events_of(one).await?;
            ensure!(
                there.contains_key(promised),
                "{promised} of {} is not in the queue: {there:?}",
                one.task()?
            );
            ensure!(
                !there.contains_key(other),
                "{other} of {} is in the queue: {there:?}",
                one.task()?
            );
            Ok(())
        })
        .await?;
    }
    // 514: each exactly once.
    manager.judge(&tasks).await?.accept()
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
