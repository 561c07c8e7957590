//! Each workload of `config/workloads.toml` in each language, with its exact result.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use cluster_verify::collect::postgres;
use cluster_verify::topology::Workload;
use uuid::Uuid;

use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, TransitionRow, Verdict, of_language,
    request_for, skip, turn,
};

const PATIENCE: Duration = Duration::from_secs(150);

/// Sends every workload of the language and compares what came back, to the digit.
async fn every_workload_of(language: &str) -> Result<()> {
    let _turn = turn::beside_others()?;
    let workloads = of_language(language)?;
    if workloads.is_empty() {
        return skip(&format!(
            "the cluster has no {language} worker: ./dev up --wait starts all"
        ));
    }
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let mut tasks = Vec::new();
    for workload in &workloads {
        let mut sent = manager
            .try_create_tasks_concurrent(vec![request_for(workload)])
            .await
            .remove(0);
        tasks.push(sent.task()?);
        sent.must_fail = workload.outcome != "complete";
        sent.expected = workload.results.clone();
        manager.note(sent);
    }

    let states = manager.wait_for_tasks_rest(&tasks, PATIENCE).await?;
    let verdict = manager.judge(&tasks).await?;

    let database = LifecycleTestManager::setup().await?;
    let mut wrong = Vec::new();
    for (workload, task) in workloads.iter().zip(&tasks) {
        if verdict.is_excused(*task) {
            continue;
        }
        let state = states[task].as_str();
        if state != workload.outcome && !is_moved_on(&verdict, *task, state) {
            wrong.push(format!(
                "{} came to rest as {state}, not {}: cluster-verify task {task}",
                name(workload),
                workload.outcome
            ));
        }
        wrong.extend(other_attempts(&database, workload, *task).await?);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    verdict.accept()
}

fn name(workload: &Workload) -> String {
    format!(
        "{}/{} {}",
        workload.namespace, workload.template, workload.context
    )
}

/// Whether a second server took a task that failed on to `error`; whether that is known, CV516 says.
fn is_moved_on(verdict: &Verdict, task: Uuid, state: &str) -> bool {
    let moved = verdict.findings("CV516");
    let named = |subject: &str| subject.contains(&task.to_string());
    state == "error" && moved.iter().any(|finding| named(&finding.subject))
}

/// Steps that were tried more or less often than the workload says. A failure that may be retried and one that
/// may not leave the task in one and the same state: only the attempts tell them apart.
async fn other_attempts(
    database: &LifecycleTestManager,
    workload: &Workload,
    task: Uuid,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    if workload.attempts.is_empty() {
        return Ok(wrong);
    }
    let steps = postgres::steps_of(&database.databases, task, &workload.namespace).await;
    let steps = steps.map_err(|unseen| anyhow!("{unseen}"))?;
    for (name, expected) in &workload.attempts {
        let step = steps.iter().find(|step| step.name == *name);
        let step = step.with_context(|| format!("task {task} has no step {name}"))?;
        if step.attempts == *expected {
            continue;
        }
        let life = database
            .get_step_transitions(step.step_uuid.parse()?)
            .await?;
        if !is_raced_for(&life) {
            let states: Vec<_> = life.iter().map(|row| row.to_state.as_str()).collect();
            wrong.push(format!(
                "{}/{}: {name} was tried {} times, not {expected} ({}): cluster-verify task {task}",
                workload.namespace,
                workload.template,
                step.attempts,
                states.join(" > ")
            ));
        }
    }
    Ok(wrong)
}

/// Whether two acted on the step at once: a transition does not begin where the one before it ended. Two workers
/// that claim one step use up two attempts for one run, also after two servers have enqueued it. Such a life CV602
/// has, as known or not.
fn is_raced_for(life: &[TransitionRow]) -> bool {
    let mut pairs = life.windows(2);
    pairs.any(|pair| pair[1].from_state.as_deref() != Some(&pair[0].to_state))
}

#[tokio::test]
async fn every_rust_workload_has_its_exact_result() -> Result<()> {
    every_workload_of("rust").await
}

#[tokio::test]
async fn every_ruby_workload_has_its_exact_result() -> Result<()> {
    every_workload_of("ruby").await
}

#[tokio::test]
async fn every_python_workload_has_its_exact_result() -> Result<()> {
    every_workload_of("python").await
}

#[tokio::test]
async fn every_typescript_workload_has_its_exact_result() -> Result<()> {
    every_workload_of("typescript").await
}
