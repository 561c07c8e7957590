//! An orchestration server is killed while tasks run.

use std::time::Duration;

use anyhow::Result;

use super::{LINEAR_NAMESPACE, cancel, stranded_by};
use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, create_simple_task_request, turn, uuids,
    wait_for_rest_or_stranded,
};

const VICTIM: &str = "orchestration-1";
/// A result that the victim had read comes back after the visibility timeout of 30 s, at each step anew.
const PATIENCE: Duration = Duration::from_secs(180);

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
    let created = manager
        .create_tasks_concurrent(vec![create_simple_task_request(); 8])
        .await?;
    let tasks = uuids(&created)?;

    turn.kill(VICTIM)?;

    let stranded =
        wait_for_rest_or_stranded(&database.databases, LINEAR_NAMESPACE, &tasks, PATIENCE).await?;
    turn.mend()?;
    let verdict = manager.judge(&tasks).await?;
    cancel(&manager, &stranded).await?;
    let reason = "a task in the hands of a killed orchestration server has no lease that runs out";
    stranded_by(verdict, &stranded, &["CV616", "CV617", "CV618"], reason).accept()
}
