//! Three workers of a kind compete for the steps of one namespace: each step is run once, and all have a share.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::common::{MultiInstanceTestManager, create_fan_out_task_request, skip, turn, uuids};

const PATIENCE: Duration = Duration::from_secs(150);
const WIDTH: usize = 10;

#[tokio::test]
async fn test_multiple_workers_no_duplicate_claims() -> Result<()> {
    let _turn = turn::beside_others()?;
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 3) {
        return skip(&reason);
    }
    let manager = MultiInstanceTestManager::setup(2, 3).await?;
    let created = manager
        .create_tasks_concurrent(vec![create_fan_out_task_request(WIDTH); 4])
        .await?;
    let tasks = uuids(&created)?;

    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;

    // Once claimed (610, 620), once run (611, 612), one result (613, 607); known of the stock engine.
    let verdict = manager.judge(&tasks).await?;
    let history = verdict
        .evidence
        .history
        .seen()
        .map_err(|unseen| anyhow::anyhow!("{unseen}"))?;
    // A task whose batch the engine never made (CV625) ends with its root alone.
    let cut_short = verdict.findings("CV625").into_iter();
    let cut_short = cut_short.filter(|it| it.subject.ends_with("unmade batch"));
    let steps = tasks.len() * (WIDTH + 2) - cut_short.count() * (WIDTH + 1);
    ensure!(
        history.steps == steps as u64,
        "{} steps instead of {steps}",
        history.steps
    );
    let workers: BTreeSet<_> = history.workers.keys().collect();
    ensure!(
        workers.len() == 3,
        "{} of 3 workers have a share of {steps} steps",
        workers.len()
    );
    // 510: no share is improbably small.
    verdict.with(&["510"])?.accept()
}
