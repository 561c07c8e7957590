//! Tasks that are created through all orchestration servers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::common::{MultiInstanceTestManager, Verdict, create_simple_task_request, turn, uuids};

/// A result that two servers take up at once may come back after the visibility timeout of 30 s, at
/// each of a task's four steps.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn test_concurrent_task_creation_across_instances() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return crate::common::skip(&reason);
    }
    let _turn = turn::beside_others()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;

    let created = manager
        .create_tasks_concurrent(vec![create_simple_task_request(); 10])
        .await?;

    let tasks = uuids(&created)?;
    let distinct: BTreeSet<_> = tasks.iter().collect();
    ensure!(distinct.len() == 10, "two tasks have one uuid: {tasks:?}");
    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;
    for task in &tasks {
        manager.verify_task_consistency(*task).await?;
    }
    manager.judge(&tasks).await?.accept()
}

#[tokio::test]
async fn test_rapid_task_creation_burst() -> Result<()> {
    // The servers refuse others for a while after a burst.
    let _turn = turn::alone()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;

    let created = manager
        .create_tasks_concurrent(vec![create_simple_task_request(); 25])
        .await?;

    let tasks = uuids(&created)?;
    let distinct: BTreeSet<_> = tasks.iter().collect();
    ensure!(distinct.len() == 25, "two tasks have one uuid: {tasks:?}");
    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;
    manager.judge(&tasks).await?.accept()
}

#[tokio::test]
async fn test_task_creation_round_robin_distribution() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return crate::common::skip(&reason);
    }
    let _turn = turn::beside_others()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let number = 5 * manager.orchestration_count();

    let sent = manager
        .try_create_tasks_concurrent(vec![create_simple_task_request(); number])
        .await;

    let mut by_server: BTreeMap<String, usize> = BTreeMap::new();
    for one in &sent {
        *by_server.entry(one.via.clone()).or_default() += 1;
    }
    ensure!(
        by_server.len() == manager.orchestration_count()
            && by_server.values().all(|count| *count == 5),
        "not even: {by_server:?}"
    );
    let tasks = sent
        .iter()
        .map(|one| one.task())
        .collect::<Result<Vec<_>>>()?;
    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;
    let verdict = manager.judge(&tasks).await?;
    // Whom this test asked is its own choice; who did it the servers write down themselves.
    let created_by = created_by(&verdict)?;
    ensure!(
        created_by == by_server,
        "asked of {by_server:?}, created by {created_by:?}"
    );
    verdict.with(&["509"])?.accept()
}

/// How many tasks each server created by the database: it signs a task's first transition as it creates it.
fn created_by(verdict: &Verdict) -> Result<BTreeMap<String, usize>> {
    let mut created_by = BTreeMap::new();
    let canaries = verdict.evidence.canaries.seen();
    for task in &canaries.map_err(|unseen| anyhow!("{unseen}"))?.tasks {
        let creator = task.creator.as_ref().context("a task that nobody signed")?;
        let records = verdict.evidence.identities.iter();
        let mut signed = records.filter_map(|(name, record)| {
            let processor = record.ok()?.processor_uuid.as_ref()?;
            (processor == creator).then(|| name.clone())
        });
        let name = signed.next().unwrap_or_else(|| creator.clone());
        *created_by.entry(name).or_default() += 1;
    }
    Ok(created_by)
}
