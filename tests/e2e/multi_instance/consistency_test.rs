//! All servers tell the same of a task, at once after it was created and for ever after it is done.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::common::{
    MultiInstanceTestManager, Sent, create_simple_task_request, create_task_request, skip, turn,
    uuids, wait_for_task_completion_via_cluster,
};

const PATIENCE: Duration = Duration::from_secs(150);
/// For a task that is complete.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn test_task_state_consistency_across_instances() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return skip(&reason);
    }
    let _turn = turn::beside_others()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let created = manager
        .create_tasks_concurrent(vec![create_simple_task_request()])
        .await?;
    let tasks = uuids(&created)?;

    let done = manager.wait_for_task_completion(tasks[0], PATIENCE).await?;
    if done.status == "complete" {
        wait_for_task_completion_via_cluster(&manager.cluster, tasks[0], AT_ONCE).await?;
    }

    manager.verify_task_consistency(tasks[0]).await?;
    // 503, 504 and 507: servers among themselves, their steps, and what the database has.
    manager.judge(&tasks).await?.accept()
}

#[tokio::test]
async fn test_eventual_consistency_after_concurrent_operations() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return skip(&reason);
    }
    let _turn = turn::beside_others()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let requests = vec![
        create_simple_task_request(),
        create_task_request(
            "rust_e2e_diamond",
            "diamond_pattern",
            json!({"even_number": 6}),
        ),
        create_task_request(
            "rust_e2e_tree",
            "hierarchical_tree",
            json!({"even_number": 6}),
        ),
        create_task_request(
            "rust_e2e_mixed_dag",
            "complex_dag",
            json!({"even_number": 6}),
        ),
    ];
    let created = manager.create_tasks_concurrent(requests).await?;
    let tasks = uuids(&created)?;

    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;

    for task in &tasks {
        manager.verify_task_consistency(*task).await?;
    }
    manager.judge(&tasks).await?.accept()
}

#[tokio::test]
async fn test_read_after_write_through_another_instance() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return skip(&reason);
    }
    let _turn = turn::beside_others()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let mut tasks = Vec::new();
    for client in manager.cluster.all_clients() {
        let mut sent = Sent::create(client, create_simple_task_request()).await;
        let task = sent.task()?;
        // At once, before anything else is waited for.
        sent.first_readings = manager.readings(task).await;
        let answers: Vec<_> = sent
            .first_readings
            .iter()
            .map(|reading| reading.status)
            .collect();
        ensure!(
            answers.iter().all(|status| *status == 200),
            "task {task}: {answers:?}"
        );
        tasks.push(task);
        manager.note(sent);
    }

    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;

    manager.judge(&tasks).await?.accept()
}
