//! A worker of each language is killed with steps in hand.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use cluster_verify::collect::witness;
use cluster_verify::history::StepState;
use cluster_verify::topology::Workload;
use serde_json::json;
use uuid::Uuid;

use super::{at_rest_or_stranded, cancel, most_in_hand, stranded_by};
use crate::common::{
    Environment, LifecycleTestManager, MultiInstanceTestManager, Verdict, create_task_request, say,
    turn, uuids, wait_until, workloads,
};

const UNTIL_CLAIMED: Duration = Duration::from_secs(30);
/// Long enough for the workers of all languages to have steps in hand at once.
const SLEEP_MS: u64 = 5000;
/// A claim so close to the kill may have been the victim's.
const JUST_BEFORE: TimeDelta = TimeDelta::seconds(2);
const UNTIL_BACK: Duration = Duration::from_secs(60);
const EXPLAINED_BY: [&str; 1] = ["CV616"];

/// The tasks of one language and the worker that is killed over them.
struct Victim {
    workload: Workload,
    instance: String,
    in_hand: usize,
    tasks: Vec<Uuid>,
}

#[tokio::test]
async fn what_killed_workers_had_in_hand_is_done_by_others_or_reported() -> Result<()> {
    for workload in sleepers()? {
        if let Some(reason) = MultiInstanceTestManager::shortage_of(1, &workload.language, 2) {
            return crate::common::skip(&reason);
        }
    }
    let turn = turn::alone()?;
    let _repair = turn.repair()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let mut sent = Vec::new();
    for workload in sleepers()? {
        let tasks = create(&manager, &workload, SLEEP_MS, 5).await?;
        sent.push((workload, tasks));
    }
    let mut victims = Vec::new();
    for (workload, tasks) in sent {
        let (instance, in_hand) = most_in_hand(&tasks, UNTIL_CLAIMED).await?;
        victims.push(Victim {
            workload,
            instance,
            in_hand,
            tasks,
        });
    }

    let mut pids = Vec::new();
    for victim in &victims {
        pids.push(turn.kill(&victim.instance)?);
    }
    let killed = Utc::now();

    for victim in &mut victims {
        let later = create(&manager, &victim.workload, 50, 4).await?;
        victim.tasks.extend(later);
    }
    let tasks: Vec<Uuid> = victims
        .iter()
        .flat_map(|victim| victim.tasks.clone())
        .collect();
    let namespaces = victims
        .iter()
        .map(|victim| victim.workload.namespace.as_str());
    let (stranded, verdict) = at_rest_or_stranded(
        &manager,
        &database.databases,
        &namespaces.collect::<Vec<_>>(),
        &tasks,
        &EXPLAINED_BY,
    )
    .await?;
    for (victim, pid) in victims.iter().zip(pids) {
        wait_until(UNTIL_BACK, async || turn.is_back(&victim.instance, pid)).await?;
        let by_others = runs_of_others(victim, killed)?;
        let stranded = stranded.iter().filter(|task| victim.tasks.contains(task));
        say(format_args!(
            "{} was killed with {} steps in hand: {} stranded; others ended {by_others} runs after that",
            victim.instance,
            victim.in_hand,
            stranded.clone().count()
        ));
        ensure!(
            by_others > 0,
            "no other {} worker ended a run after {} was killed",
            victim.workload.language,
            victim.instance
        );
        for task in stranded {
            is_explained(*task, victim, killed, &verdict)?;
        }
    }
    cancel(&manager, &stranded).await?;
    let reason = "a claim has no lease: nobody takes up a step that a killed worker had in hand once its message is gone";
    stranded_by(verdict, &stranded, &EXPLAINED_BY, reason).accept()
}

/// The workload of each language whose one step sleeps as long as it is told.
fn sleepers() -> Result<Vec<Workload>> {
    let sleeps = |workload: &Workload| workload.context.get("sleep_ms").is_some();
    let sleepers: Vec<Workload> = workloads()?.into_iter().filter(sleeps).collect();
    ensure!(!sleepers.is_empty(), "no workload of this cluster sleeps");
    Ok(sleepers)
}

async fn create(
    manager: &MultiInstanceTestManager,
    workload: &Workload,
    sleep_ms: u64,
    number: usize,
) -> Result<Vec<Uuid>> {
    let context = json!({"sleep_ms": sleep_ms});
    let request = create_task_request(&workload.namespace, &workload.template, context);
    let created = manager.create_tasks_concurrent(vec![request; number]);
    uuids(&created.await?)
}

/// Runs of the victim's tasks that its siblings ended after the kill.
fn runs_of_others(victim: &Victim, killed: DateTime<Utc>) -> Result<usize> {
    let mut number = 0;
    for task in &victim.tasks {
        let steps = witness::of_task(&Environment::get().project, *task);
        let steps = steps.seen().map_err(|unseen| anyhow!("{unseen}"))?;
        let runs = steps.iter().flat_map(|step| &step.runs);
        number += runs
            .filter(|run| run.instance != victim.instance)
            .filter(|run| run.finished.is_some_and(|end| end.wall > killed))
            .count();
    }
    Ok(number)
}

/// Whoever had the stranded task's step in hand by the verifier's account was the victim.
fn is_explained(
    task: Uuid,
    victim: &Victim,
    killed: DateTime<Utc>,
    verdict: &Verdict,
) -> Result<()> {
    let named = verdict.findings("CV616");
    let finding = named
        .iter()
        .find(|finding| finding.subject.contains(&task.to_string()));
    let Some(finding) = finding else {
        // Another fault of the engine explains it, else it would not have been accepted as stranded.
        return Ok(());
    };
    if let Some(by) = finding.evidence.get("instance") {
        ensure!(
            *by == victim.instance,
            "task {task} is stranded in the hands of {by}, and {} was killed",
            victim.instance
        );
        return Ok(());
    }
    // Between the claim and the handler's first line nobody can tell whose it was.
    let history = verdict.evidence.history.seen();
    let history = history.map_err(|unseen| anyhow!("{unseen}"))?;
    let open = history.open.iter().find(|open| open.task == task);
    let just_claimed = open
        .context("not in the history")?
        .in_flight
        .iter()
        .any(|step| {
            step.state == StepState::InProgress && (killed - step.since).abs() < JUST_BEFORE
        });
    ensure!(
        just_claimed,
        "task {task} is stranded, and neither the verifier nor its claim's time says that {} had it in hand",
        victim.instance
    );
    Ok(())
}
