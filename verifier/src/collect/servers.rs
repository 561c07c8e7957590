//! The orchestration servers over HTTP, for all that one run asks of them. One that let us wait in vain is not waited
//! for again, and one that is busy not for long, so that a run with many requests ends in time.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::backpressure::Backpressure;
use super::create_log;
use super::endpoints::{client, fetch};
use crate::evidence::Unseen;
use crate::project::Project;
use crate::topology::{Role, Topology, Workload};

/// A request that fails after this long has waited in vain; a refused connection fails at once.
const IN_VAIN: Duration = Duration::from_secs(2);

/// An orchestration server's name and where it answers.
#[derive(Debug, Clone)]
pub struct Server {
    pub id: String,
    pub url: String,
}

#[derive(Debug)]
pub struct Servers {
    client: reqwest::Client,
    pub all: Vec<Server>,
    /// Whose they are, and so where they log; none of servers that are known by their addresses alone.
    project: Option<Project>,
    silent: Mutex<BTreeSet<String>>,
    pub(super) busy: Backpressure,
    /// Whether somebody wants no more waiting.
    hurry: watch::Sender<bool>,
}

impl Servers {
    /// # Errors
    /// No HTTP client could be made.
    pub fn of(topology: &Topology, project: Option<&Project>) -> Result<Self, Unseen> {
        let client = client()
            .map_err(|error| Unseen::new("the orchestration servers", error.to_string()))?;
        let all = topology
            .with_role(Role::Orchestration)
            .map(|(_, instance)| Server {
                id: instance.id.clone(),
                url: instance.base_url(),
            });
        Ok(Self {
            client,
            all: all.collect(),
            project: project.cloned(),
            silent: Mutex::default(),
            busy: Backpressure::default(),
            hurry: watch::Sender::new(false),
        })
    }

    /// Servers of a test, which are soon no longer waited for.
    #[cfg(test)]
    pub(super) fn at(urls: &[String], patience: Duration) -> Self {
        let all = urls.iter().enumerate().map(|(at, url)| Server {
            id: format!("orchestration-{}", at + 1),
            url: url.clone(),
        });
        Self {
            client: client().unwrap(),
            all: all.collect(),
            project: None,
            silent: Mutex::default(),
            busy: Backpressure::with_patience(patience),
            hurry: watch::Sender::new(false),
        }
    }

    /// Why a server failed to create a task of this workload since then, if its log is known and says so.
    pub(super) async fn reason(
        &self,
        server: &Server,
        workload: &Workload,
        since: DateTime<Utc>,
    ) -> Option<String> {
        let log = self.project.as_ref()?.log(&server.id);
        create_log::reason(&log, &workload.namespace, &workload.template, since).await
    }

    /// Waits for a busy server that asked to come back later; false when it is not waited for any more, or when
    /// [`Self::stop_waiting`] cut it short.
    pub async fn wait(&self, server: &Server, later: Duration) -> bool {
        let Some(later) = self.busy.wait(&server.id, later) else {
            return false;
        };
        let mut hurry = self.hurry.subscribe();
        let hurried = hurry.wait_for(|hurry| *hurry);
        tokio::time::timeout(later, hurried).await.is_err()
    }

    /// No server is waited for from now on.
    pub fn stop_waiting(&self) {
        self.hurry.send_replace(true);
    }

    /// Sends what `request` makes for a path of the server.
    ///
    /// # Errors
    /// Why there was no whole answer, as a clause.
    pub async fn ask(
        &self,
        server: &Server,
        path: &str,
        request: impl FnOnce(&reqwest::Client, String) -> reqwest::RequestBuilder,
    ) -> Result<(u16, Vec<u8>), String> {
        let silent = || self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if silent().contains(&server.id) {
            return Err("not asked again: it let an earlier request wait in vain".to_owned());
        }
        let begun = Instant::now();
        let answer = fetch(request(&self.client, format!("{}{path}", server.url))).await;
        if answer.is_err() && begun.elapsed() >= IN_VAIN {
            silent().insert(server.id.clone());
        }
        answer
    }
}
