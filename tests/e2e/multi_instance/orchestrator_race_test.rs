//! Three orchestration servers and one task: it is finished once.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;

use crate::common::{MultiInstanceTestManager, create_simple_task_request, skip, turn};

const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::test]
async fn test_concurrent_orchestrators_same_task() -> Result<()> {
    let _turn = turn::beside_others()?;
    if let Some(reason) = MultiInstanceTestManager::shortage(3, 1) {
        return skip(&reason);
    }
    let manager = MultiInstanceTestManager::setup(3, 1).await?;
    let first = manager.cluster.client(0).context("the first server")?;
    let task = manager
        .create_via(first, create_simple_task_request())
        .await?;

    let reads = manager
        .cluster
        .all_clients()
        .iter()
        .map(|client| client.get_task(task));
    for read in try_join_all(reads).await? {
        ensure!(
            read.task_uuid == task.to_string(),
            "{} instead of {task}",
            read.task_uuid
        );
    }
    manager.wait_for_task_completion(task, PATIENCE).await?;

    manager.verify_task_consistency(task).await?;
    // 608: completed once. The stock engine is known to do it twice now and then.
    manager.judge(&[task]).await?.accept()
}
