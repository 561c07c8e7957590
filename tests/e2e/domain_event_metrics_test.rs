//! Domain events as the worker itself counts them: only where one worker of the kind can have published them.

use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::common::{
    ClusterConfig, IntegrationTestManager, of_language, request_for, skip, turn, wait_until,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Events are published after the step is done, and nobody waits for them.
const GRACE: Duration = Duration::from_secs(5);

async fn a_workers_metrics_count_the_events_of_a_task(language: &str) -> Result<()> {
    let workers = ClusterConfig::worker_urls_of(language).len();
    if workers != 1 {
        return skip(&format!(
            "{workers} {language} workers: the one that is asked may not be the one that published; \
             ./dev up --wait --mode single has one"
        ));
    }
    // Alone, since whatever else runs would count too.
    let _turn = turn::alone()?;
    let workloads = of_language(language)?;
    let workload = workloads.iter().find(|workload| {
        workload.template.starts_with("domain_event") && workload.outcome == "complete"
    });
    let Some(workload) = workload else {
        bail!("config/workloads.toml has no workload of domain events in {language}");
    };
    let manager = IntegrationTestManager::setup_for(language).await?;
    let before = manager.worker_client.get_domain_event_stats().await?.router;

    let (sent, task) = manager.run(request_for(workload), PATIENCE).await?;

    ensure!(
        task.status == "complete",
        "task {} is {}",
        task.task_uuid,
        task.status
    );
    wait_until(GRACE, async || {
        let after = manager.worker_client.get_domain_event_stats().await?.router;
        // Of the five declared events the one for a failure has nothing to tell.
        let counted = (
            after.durable_routed - before.durable_routed,
            after.fast_routed - before.fast_routed,
        );
        ensure!(
            counted == (1, 3),
            "durable and fast events of one task: {counted:?}"
        );
        Ok(())
    })
    .await?;
    manager.judge(&[sent]).await?.accept()
}

#[tokio::test]
async fn a_rust_workers_metrics_count_the_events_of_a_task() -> Result<()> {
    a_workers_metrics_count_the_events_of_a_task("rust").await
}

#[tokio::test]
async fn a_ruby_workers_metrics_count_the_events_of_a_task() -> Result<()> {
    a_workers_metrics_count_the_events_of_a_task("ruby").await
}

#[tokio::test]
async fn a_python_workers_metrics_count_the_events_of_a_task() -> Result<()> {
    a_workers_metrics_count_the_events_of_a_task("python").await
}

#[tokio::test]
async fn a_typescript_workers_metrics_count_the_events_of_a_task() -> Result<()> {
    a_workers_metrics_count_the_events_of_a_task("typescript").await
}
