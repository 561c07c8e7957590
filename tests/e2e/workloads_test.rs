//! Each workload of `config/workloads.toml` in each language, with its exact result.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::common::{MultiInstanceTestManager, of_language, request_for, skip, turn};

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

    let mut wrong = Vec::new();
    for (workload, task) in workloads.iter().zip(&tasks) {
        let state = states[task].as_str();
        // A server that finishes a failed task a second time takes it on to `error`.
        let is_it = state == workload.outcome
            || (workload.outcome == "blocked_by_failures" && state == "error");
        if !is_it && !verdict.is_excused(*task) {
            wrong.push(format!(
                "{}/{} {} came to rest as {state}, not {}: cluster-verify task {task}",
                workload.namespace, workload.template, workload.context, workload.outcome
            ));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    verdict.accept()
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
