//! Tasks that are created through all orchestration servers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::common::{MultiInstanceTestManager, create_simple_task_request, turn, uuids};

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

    let mut by_server: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &sent {
        *by_server.entry(&one.via).or_default() += 1;
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
    // What the servers say of themselves: the database has each as the initialiser of what it acknowledged.
    manager.judge(&tasks).await?.with(&["509"])?.accept()
}
