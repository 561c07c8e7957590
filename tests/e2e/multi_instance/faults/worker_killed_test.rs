//! A worker is killed with steps in hand.

use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use chrono::{TimeDelta, Utc};
use cluster_verify::history::StepState;

use super::{SLOW_NAMESPACE, cancel, most_in_hand, slow_request, stranded_by};
use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, turn, uuids, wait_for_rest_or_stranded,
};

const UNTIL_CLAIMED: Duration = Duration::from_secs(30);
/// A claim so close to the kill may have been the victim's.
const JUST_BEFORE: TimeDelta = TimeDelta::seconds(2);
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
    let (victim, _) = most_in_hand(&tasks, UNTIL_CLAIMED).await?;

    turn.kill(&victim)?;
    let killed = Utc::now();

    let stranded =
        wait_for_rest_or_stranded(&database.databases, SLOW_NAMESPACE, &tasks, PATIENCE).await?;
    let verdict = manager.judge(&tasks).await?;
    let history = verdict
        .evidence
        .history
        .seen()
        .map_err(|unseen| anyhow!("{unseen}"))?;
    let named = verdict.findings("CV616");
    for task in &stranded {
        let finding = named
            .iter()
            .find(|finding| finding.subject.contains(&task.to_string()));
        let instance = finding.and_then(|finding| finding.evidence.get("instance"));
        let by_name = instance.is_some_and(|instance| *instance == victim);
        // Between the claim and the handler's first line nobody can tell whose it was.
        let open = history.open.iter().find(|open| open.task == *task);
        let just_claimed = open.is_some_and(|open| {
            let mut steps = open.in_flight.iter();
            steps.any(|step| {
                step.state == StepState::InProgress && (killed - step.since).abs() < JUST_BEFORE
            })
        });
        ensure!(
            by_name || just_claimed,
            "task {task} is stranded, and neither the verifier nor its claim's time says that {victim} had it in hand"
        );
    }
    cancel(&manager, &stranded).await?;
    let reason = "a claim has no lease: nobody takes up a step that a killed worker had in hand once its message is gone";
    stranded_by(verdict, &stranded, &["CV616"], reason).accept()
}
