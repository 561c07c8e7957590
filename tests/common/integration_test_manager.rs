//! One orchestration server and one worker.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tasker_client::{OrchestrationApiClient, WorkerApiClient};
use tasker_shared::models::core::task_request::TaskRequest;
use tasker_shared::types::api::orchestration::TaskResponse;
use uuid::Uuid;

use crate::{
    ClusterConfig, MultiInstanceTestManager, Sent, Verdict, health, running, wait_for_task_rest,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The first orchestration server, and the first worker of a language.
#[derive(Debug)]
pub struct IntegrationTestManager {
    pub orchestration_client: OrchestrationApiClient,
    pub worker_client: WorkerApiClient,
    pub worker_url: String,
}

impl IntegrationTestManager {
    /// The first worker of any language.
    ///
    /// # Errors
    /// The environment has no server or no worker, or one of them is not ready.
    pub async fn setup() -> Result<Self> {
        Self::between(ClusterConfig::from_env()).await
    }

    /// The first worker of a language: `rust`, `ruby`, `python` or `typescript`.
    ///
    /// # Errors
    /// The environment has none, or it is not ready.
    pub async fn setup_for(language: &str) -> Result<Self> {
        let mut config = ClusterConfig::from_env();
        config.worker_urls = ClusterConfig::worker_urls_of(language);
        if config.worker_urls.is_empty() {
            bail!(
                "the cluster has no {language} worker: ./dev up --wait starts one of every language"
            );
        }
        Self::between(config).await
    }

    async fn between(config: ClusterConfig) -> Result<Self> {
        let server = config.orchestration_urls.first();
        let server = server.context("the cluster has no orchestration server: ./dev up --wait")?;
        let worker = config.worker_urls.first();
        let worker = worker.context("the cluster has no worker: ./dev up --wait")?;
        running::all_run([server, worker])?;
        health::server_is_ready(server, PATIENCE)
            .await
            .with_context(|| format!("{server} is not ready: ./dev status"))?;
        health::worker_is_ready(worker, PATIENCE)
            .await
            .with_context(|| format!("{worker} is not ready: ./dev status"))?;
        Ok(Self {
            orchestration_client: health::server(server)?,
            worker_client: health::worker(worker, PATIENCE)?,
            worker_url: worker.clone(),
        })
    }

    /// A manager for several servers, once they are healthy.
    ///
    /// # Errors
    /// One of them is not in time.
    pub async fn setup_multi_orchestration(urls: Vec<String>) -> Result<MultiInstanceTestManager> {
        let config = ClusterConfig {
            orchestration_urls: urls,
            ..ClusterConfig::default()
        };
        MultiInstanceTestManager::with_config(config).await
    }

    /// Creates a task and waits until it is at rest.
    ///
    /// # Errors
    /// It was not created, or is not at rest in time.
    pub async fn run(
        &self,
        request: TaskRequest,
        timeout: Duration,
    ) -> Result<(Sent, TaskResponse)> {
        let sent = Sent::create(&self.orchestration_client, request).await;
        let task: Uuid = sent.task()?;
        let response = wait_for_task_rest(&self.orchestration_client, task, timeout).await?;
        Ok((sent, response))
    }

    /// The verifier's judgement over creates.
    ///
    /// # Errors
    /// Something that it needs cannot be asked.
    pub async fn judge(&self, sent: &[Sent]) -> Result<Verdict> {
        Verdict::of(sent, std::slice::from_ref(&self.orchestration_client)).await
    }
}
