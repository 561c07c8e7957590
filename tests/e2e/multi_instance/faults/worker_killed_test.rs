//! A worker is killed with steps in hand.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{SLOW_NAMESPACE, cancel, most_in_hand, slow_request, stranded_by};
use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, turn, uuids, wait_for_rest_or_stranded,
};

const UNTIL_CLAIMED: Duration = Duration::from_secs(30);
/// A message that the victim had read comes back after the visibility timeout of 30 s.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn what_a_killed_worker_had_in_hand_is_done_by_another_or_reported() -> Result<()> {
    let turn = turn::alone()?;
    let _repair = turn.repair();
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let created = manager
        .create_tasks_concurrent(vec![slow_request(4000); 8])
        .await?;
    let tasks = uuids(&created)?;
    let (victim, in_hand) = most_in_hand(&tasks, UNTIL_CLAIMED).await?;

    turn.kill(&victim)?;

    let stranded =
        wait_for_rest_or_stranded(&database.pool, SLOW_NAMESPACE, &tasks, PATIENCE).await?;
    let verdict = manager.judge(&tasks).await?;
    let named = verdict.findings("CV616");
    for task in &stranded {
        let finding = named
            .iter()
            .find(|finding| finding.subject.contains(&task.to_string()));
        let instance = finding.and_then(|finding| finding.evidence.get("instance"));
        ensure!(
            instance.is_some_and(|instance| *instance == victim),
            "task {task} is stranded, and the verifier does not say that {victim} had it in hand"
        );
    }
    ensure!(
        stranded.len() <= in_hand,
        "{} tasks are stranded and {victim} had {in_hand} in hand",
        stranded.len()
    );
    cancel(&manager, &stranded).await?;
    let reason = "a claim has no lease: nobody takes up a step that a killed worker had in hand once its message is gone";
    stranded_by(verdict, &stranded, &["CV616"], reason).accept()
}
