//! Several orchestration servers as one.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Result, bail};
use tasker_client::OrchestrationApiClient;
use uuid::Uuid;

use crate::load_balancing::sticky;
use crate::{ClusterConfig, LoadBalancingStrategy, health};

/// The orchestration servers of a cluster, with a client for each.
#[derive(Debug)]
pub struct OrchestrationCluster {
    clients: Vec<OrchestrationApiClient>,
    config: ClusterConfig,
    turn: AtomicUsize,
}

impl OrchestrationCluster {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// There is no address, or one that is none.
    pub async fn new(config: ClusterConfig) -> Result<Self> {
        if config.orchestration_urls.is_empty() {
            bail!(
                "no orchestration server is named: set TASKER_TEST_ORCHESTRATION_URLS, \
                 or start a cluster with `./dev up --wait`"
            );
        }
        let clients = config
            .orchestration_urls
            .iter()
            .map(|url| health::server(url));
        Ok(Self {
            clients: clients.collect::<Result<_>>()?,
            config,
            turn: AtomicUsize::new(0),
        })
    }

    /// The first `count` servers of the environment.
    ///
    /// # Errors
    /// It has fewer.
    pub async fn with_instances(count: usize) -> Result<Self> {
        let mut config = ClusterConfig::from_env();
        let there = config.orchestration_urls.len();
        if there < count {
            bail!(
                "{count} orchestration servers are wanted and the cluster has {there}: \
                 TASKER_ORCHESTRATION_INSTANCES={count} ./dev up --wait"
            );
        }
        config.orchestration_urls.truncate(count);
        Self::new(config).await
    }

    /// Waits until every server says that it is ready.
    ///
    /// # Errors
    /// Those that did not in time, each with what it said.
    pub async fn wait_for_healthy(&self, timeout: Duration) -> Result<()> {
        let probe = |url| health::server_is_ready(url, self.config.health_timeout);
        health::wait_for_all(&self.config.orchestration_urls, timeout, probe).await
    }

    /// A client by the configured strategy.
    ///
    /// With [`LoadBalancingStrategy::FirstHealthy`] it blocks until a server has answered its probe.
    pub fn get_client(&self) -> &OrchestrationApiClient {
        let strategy = self.config.load_balancing;
        let index = strategy.choose(self.clients.len(), &self.turn, |index| {
            let url = &self.config.orchestration_urls[*index];
            health::server_is_ready_now(url, self.config.health_timeout)
        });
        &self.clients[index]
    }

    /// The client that belongs to a task, whatever the strategy.
    pub fn client_of_task(&self, task: Uuid) -> &OrchestrationApiClient {
        &self.clients[sticky(task, self.clients.len())]
    }

    pub fn all_clients(&self) -> &[OrchestrationApiClient] {
        &self.clients
    }

    pub fn client(&self, index: usize) -> Option<&OrchestrationApiClient> {
        self.clients.get(index)
    }

    pub fn instance_count(&self) -> usize {
        self.clients.len()
    }

    pub fn strategy(&self) -> LoadBalancingStrategy {
        self.config.load_balancing
    }
}
