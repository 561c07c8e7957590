//! An instance that is stopped in order loses nothing.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use cluster_verify::collect::witness;
use uuid::Uuid;

use super::{most_in_hand, slow_request};
use crate::common::{
    ClusterConfig, Environment, LoadBalancingStrategy, MultiInstanceTestManager,
    OrchestrationCluster, create_simple_task_request, skip, turn, uuids,
};

const UNTIL_CLAIMED: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_worker_that_is_stopped_ends_what_it_has_in_hand() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(1, 2) {
        return skip(&reason);
    }
    let turn = turn::alone()?;
    let _repair = turn.repair()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let created = manager
        .create_tasks_concurrent(vec![slow_request(2000); 6])
        .await?;
    let tasks = uuids(&created)?;
    let (stopped, _) = most_in_hand(&tasks, UNTIL_CLAIMED).await?;

    turn.supervise("stop", &stopped)?;

    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;
    let ids: HashSet<Uuid> = tasks.iter().copied().collect();
    let view = witness::of_tasks(&Environment::get().project, &ids);
    let view = view.seen().map_err(|unseen| anyhow!("{unseen}"))?;
    let cut_off = view
        .open
        .iter()
        .flat_map(|step| &step.runs)
        .filter(|run| run.finished.is_none());
    ensure!(
        cut_off.count() == 0,
        "a run of {stopped} was cut off: {:?}",
        view.open
    );
    manager.judge(&tasks).await?.accept()
}

#[tokio::test]
async fn tasks_go_on_while_an_orchestration_server_is_stopped() -> Result<()> {
    const STOPPED: &str = "orchestration-1";
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return skip(&reason);
    }
    let turn = turn::alone()?;
    let _repair = turn.repair()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let created = manager
        .create_tasks_concurrent(vec![create_simple_task_request(); 6])
        .await?;
    let tasks = uuids(&created)?;

    turn.supervise("stop", STOPPED)?;

    // FirstHealthy really asks: the first server of the list does not answer.
    let cluster = OrchestrationCluster::new(ClusterConfig {
        load_balancing: LoadBalancingStrategy::FirstHealthy,
        ..ClusterConfig::from_env()
    })
    .await?;
    let chosen = Environment::get().instance_at(cluster.get_client().base_url());
    ensure!(
        chosen != STOPPED,
        "FirstHealthy chose {chosen}, which is stopped"
    );
    let late = manager
        .create_via(cluster.get_client(), create_simple_task_request())
        .await?;
    turn.mend()?;
    let tasks: Vec<Uuid> = tasks.into_iter().chain([late]).collect();
    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;
    manager.judge(&tasks).await?.accept()
}
