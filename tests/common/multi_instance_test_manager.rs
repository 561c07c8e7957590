//! Several orchestration servers and workers at once.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cluster_verify::evidence::Reading;
use futures::future::{join, join_all};
use tasker_client::OrchestrationApiClient;
use tasker_shared::models::core::task_request::TaskRequest;
use tasker_shared::types::api::orchestration::TaskResponse;
use uuid::Uuid;

use crate::cluster_config::workers_of;
use crate::request::made_distinct;
use crate::sent::{Sent, read_everywhere};
use crate::verdict::{self, Verdict};
use crate::waiting::wait_for_rest_of_all;
use crate::{ClusterConfig, LifecycleTestManager, OrchestrationCluster, health, running};

/// With more work than processor time a server says for minutes that it is not ready, and works.
const UNTIL_HEALTHY: Duration = Duration::from_secs(120);

/// Creates tasks through several servers, waits for them, and looks at them from all sides.
#[derive(Debug)]
pub struct MultiInstanceTestManager {
    pub cluster: OrchestrationCluster,
    pub worker_urls: Vec<String>,
    health_timeout: Duration,
    sent: Mutex<Vec<Sent>>,
}

impl MultiInstanceTestManager {
    /// All instances of the environment, once they are healthy.
    ///
    /// # Errors
    /// One of them is not in time.
    pub async fn setup_from_env() -> Result<Self> {
        Self::with_config(ClusterConfig::from_env()).await
    }

    /// The first `orchestration` servers and the first `workers` Rust workers of the environment.
    ///
    /// # Errors
    /// It has fewer, or one of them is not healthy in time.
    pub async fn setup(orchestration: usize, workers: usize) -> Result<Self> {
        if let Some(reason) = Self::shortage(orchestration, workers) {
            bail!(reason);
        }
        let mut config = ClusterConfig::from_env();
        config.orchestration_urls.truncate(orchestration);
        config.worker_urls = ClusterConfig::worker_urls_of("rust");
        config.worker_urls.truncate(workers);
        Self::with_config(config).await
    }

    /// Why [`Self::setup`] with these numbers would not find enough instances; none where it would.
    pub fn shortage(orchestration: usize, workers: usize) -> Option<String> {
        Self::shortage_of(orchestration, "rust", workers)
    }

    /// The same with workers of another language, for a test that has nothing to test on fewer.
    pub fn shortage_of(orchestration: usize, language: &str, workers: usize) -> Option<String> {
        let servers = ClusterConfig::from_env().orchestration_urls.len();
        let there = ClusterConfig::worker_urls_of(language).len();
        let variable = workers_of(language);
        (servers < orchestration || there < workers).then(|| {
            format!(
                "needs {orchestration} orchestration servers and {workers} {language} workers, the cluster has \
                 {servers} and {there}: TASKER_ORCHESTRATION_INSTANCES={orchestration} \
                 TASKER_{variable}_INSTANCES={workers} ./dev up --wait"
            )
        })
    }

    /// The instances of a configuration, once they are healthy.
    ///
    /// # Errors
    /// One of them does not run, or is not healthy in time.
    pub async fn with_config(config: ClusterConfig) -> Result<Self> {
        running::all_run(config.orchestration_urls.iter().chain(&config.worker_urls))?;
        let worker_urls = config.worker_urls.clone();
        let health_timeout = config.health_timeout;
        let manager = Self {
            cluster: OrchestrationCluster::new(config).await?,
            worker_urls,
            health_timeout,
            sent: Mutex::default(),
        };
        manager.wait_for_healthy(UNTIL_HEALTHY).await?;
        Ok(manager)
    }

    /// Waits until every server and worker says that it is ready.
    ///
    /// # Errors
    /// Those that did not in time, each with what it said.
    pub async fn wait_for_healthy(&self, timeout: Duration) -> Result<()> {
        let probe = |url| health::worker_is_ready(url, self.health_timeout);
        let workers = health::wait_for_all(&self.worker_urls, timeout, probe);
        let (servers, workers) = join(self.cluster.wait_for_healthy(timeout), workers).await;
        servers.and(workers)
    }

    /// Creates all tasks at once, through the servers by the cluster's strategy.
    ///
    /// Of requests that are equal, all but the first get an identity of their own, since the engine
    /// refuses the same task a second time.
    ///
    /// # Errors
    /// A create that failed; nothing is tried twice.
    pub async fn create_tasks_concurrent(
        &self,
        requests: Vec<TaskRequest>,
    ) -> Result<Vec<TaskResponse>> {
        let sent = self.try_create_tasks_concurrent(requests).await;
        let failed: Vec<String> = sent
            .iter()
            .filter_map(|sent| Some(format!("{}: {}", sent.via, sent.answer.as_ref().err()?)))
            .collect();
        if !failed.is_empty() {
            bail!(
                "{} of {} creates failed:\n{}",
                failed.len(),
                sent.len(),
                failed.join("\n")
            );
        }
        Ok(sent
            .into_iter()
            .filter_map(|sent| sent.answer.ok())
            .collect())
    }

    /// The same for a test that has something to say about creates that fail.
    pub async fn try_create_tasks_concurrent(&self, requests: Vec<TaskRequest>) -> Vec<Sent> {
        let mut correlations = HashSet::new();
        let requests = requests.into_iter().map(|request| {
            let is_new = correlations.insert(request.correlation_id);
            if is_new {
                request
            } else {
                made_distinct(request)
            }
        });
        let creates = requests.map(|request| Sent::create(self.cluster.get_client(), request));
        let sent = join_all(creates).await;
        self.all_sent().extend(sent.iter().cloned());
        sent
    }

    /// Creates one task through a server of the test's choice.
    ///
    /// # Errors
    /// The create failed.
    pub async fn create_via(
        &self,
        client: &OrchestrationApiClient,
        request: TaskRequest,
    ) -> Result<Uuid> {
        let sent = Sent::create(client, request).await;
        let task = sent.task();
        self.note(sent);
        task
    }

    /// Keeps a create that was made elsewhere, or what a test expects of it, so that its task can be judged.
    pub fn note(&self, sent: Sent) {
        let mut all = self.all_sent();
        all.retain(|other| {
            other.request.correlation_id != sent.request.correlation_id || other.via != sent.via
        });
        all.push(sent);
    }

    /// # Errors
    /// It is not complete in time, or came to rest in another state.
    pub async fn wait_for_task_completion(
        &self,
        task: Uuid,
        timeout: Duration,
    ) -> Result<TaskResponse> {
        let mut done = self.wait_for_tasks_completion(vec![task], timeout).await?;
        done.pop().context("no task")
    }

    /// Waits for all of them together. One that a known fault of the engine left behind is not waited for;
    /// it must be [judged](Self::judge) like the others.
    ///
    /// # Errors
    /// Those that are not complete in time or came to rest in another state.
    pub async fn wait_for_tasks_completion(
        &self,
        tasks: Vec<Uuid>,
        timeout: Duration,
    ) -> Result<Vec<TaskResponse>> {
        let states = self.wait_for_tasks_rest(&tasks, timeout).await?;
        let mut others = states.clone();
        others.retain(|_, state| state != "complete");
        if !others.is_empty() {
            let of: Vec<Uuid> = others.keys().copied().collect();
            let verdict = self.judge(&of).await?;
            others.retain(|task, _| !verdict.is_excused(*task));
            if !others.is_empty() {
                let told = others.iter().map(|(task, state)| {
                    format!("task {task} stays {state}: cluster-verify task {task}")
                });
                let told: Vec<String> = told.collect();
                let judged = verdict.accept().err().map(|error| format!("\n{error:#}"));
                bail!(
                    "{} of {} tasks are not complete:\n{}{}",
                    told.len(),
                    tasks.len(),
                    told.join("\n"),
                    judged.unwrap_or_default()
                );
            }
        }
        let mut done = Vec::new();
        for task in tasks {
            done.push(self.cluster.get_client().get_task(task).await?);
        }
        Ok(done)
    }

    /// Waits until all of them stay as they are, and returns the state of each as the database has it; of one
    /// that nobody moves any more, the state that it was left in.
    ///
    /// # Errors
    /// Those that still move when the time is up.
    pub async fn wait_for_tasks_rest(
        &self,
        tasks: &[Uuid],
        timeout: Duration,
    ) -> Result<BTreeMap<Uuid, String>> {
        let database = LifecycleTestManager::setup().await?;
        wait_for_rest_of_all(&database.pool, tasks, timeout).await
    }

    /// What each server tells of a task at this moment.
    pub async fn readings(&self, task: Uuid) -> Vec<Reading> {
        read_everywhere(self.cluster.all_clients(), task).await
    }

    /// Reads a task that is at rest through every server: all must tell the same of it and of its steps.
    ///
    /// # Errors
    /// What they tell, when it differs; a server that does not tell.
    pub async fn verify_task_consistency(&self, task: Uuid) -> Result<()> {
        agree(self.readings(task).await).with_context(|| format!("task {task}"))
    }

    /// The verifier's judgement over tasks that were created through this manager.
    ///
    /// # Errors
    /// Something that it needs cannot be asked.
    pub async fn judge(&self, tasks: &[Uuid]) -> Result<Verdict> {
        let sent = self.all_sent().clone();
        verdict::of_tasks(&sent, tasks, self.cluster.all_clients()).await
    }

    pub fn orchestration_count(&self) -> usize {
        self.cluster.instance_count()
    }

    pub fn worker_count(&self) -> usize {
        self.worker_urls.len()
    }

    fn all_sent(&self) -> std::sync::MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether every reading was answered, and all tell the same. Servers that fail alike agree on nothing.
fn agree(readings: Vec<Reading>) -> Result<()> {
    ensure!(!readings.is_empty(), "no server was asked");
    let are_answered = readings.iter().all(|reading| reading.status == 200);
    let mut views: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for reading in readings {
        let view = format!("{} {:?} {:?}", reading.status, reading.state, reading.steps);
        views.entry(view).or_default().push(reading.via);
    }
    if are_answered && views.len() == 1 {
        return Ok(());
    }
    let views = views
        .iter()
        .map(|(view, by)| format!("{}: {view}", by.join(", ")));
    bail!(
        "the servers do not all tell one and the same:\n{}",
        views.collect::<Vec<_>>().join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(via: &str, status: u16, state: Option<&str>) -> Reading {
        Reading {
            via: via.to_owned(),
            status,
            state: state.map(str::to_owned),
            steps: Vec::new(),
        }
    }

    #[test]
    fn servers_agree_when_all_tell_the_same() {
        let one = reading("orchestration-1", 200, Some("complete"));
        let other = reading("orchestration-2", 200, Some("complete"));
        assert!(agree(vec![one.clone(), other]).is_ok());

        let other = reading("orchestration-2", 200, Some("error"));
        let error = agree(vec![one, other]).unwrap_err().to_string();
        assert!(error.contains("orchestration-2: 200"), "{error}");
    }

    #[test]
    fn servers_that_fail_alike_or_are_not_asked_do_not_agree() {
        let fails = |via| reading(via, 500, None);
        let error = agree(vec![fails("orchestration-1"), fails("orchestration-2")]).unwrap_err();

        assert!(error.to_string().contains("500"), "{error}");
        assert!(agree(Vec::new()).is_err());
    }
}
