//! A create that was tried, kept until the verifier judges it.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use cluster_verify::collect::postgres;
use cluster_verify::evidence::{Canary, CreateOutcome, Reading};
use tasker_client::OrchestrationApiClient;
use tasker_shared::models::core::task_request::TaskRequest;
use tasker_shared::types::api::orchestration::TaskResponse;
use uuid::Uuid;

use crate::refusal::{self, Known};
use crate::{Environment, LifecycleTestManager, health};

/// A create can clash once for each step name that is new, and be turned away in between.
const TRIES: usize = 12;

/// One create: what was asked of whom, and what came back.
#[derive(Debug, Clone)]
pub struct Sent {
    pub request: TaskRequest,
    /// The instance that was asked.
    pub via: String,
    /// The task, or what the client said.
    pub answer: Result<TaskResponse, String>,
    pub create_ms: u64,
    /// What the server said each time that it was too busy to take the task.
    pub turned_away: Vec<String>,
    /// When it was last sent.
    pub began: DateTime<Utc>,
    /// What the servers answered right after the create, where somebody asked.
    pub first_readings: Vec<Reading>,
    /// What must come back by step, where it is known.
    pub expected: BTreeMap<String, serde_json::Value>,
    /// Whether the task must come to rest in another state than complete.
    pub must_fail: bool,
}

impl Sent {
    /// Sends the request. Where the engine is known to have refused it for a clash with another create,
    /// which is then recorded, it is sent again; where the server was too busy, it is sent again once the
    /// server has room; where the engine is known to have created the task all the same, the task is
    /// looked up.
    pub async fn create(client: &OrchestrationApiClient, request: TaskRequest) -> Self {
        let mut sent = Self::create_once(client, request).await;
        let mut turned_away = Vec::new();
        for _ in 0..TRIES {
            match refusal::known(&sent).await {
                Ok(Some(Known::Refused)) => sent = Self::create_once(client, sent.request).await,
                Ok(Some(Known::Busy)) => {
                    turned_away.push(refusal::TURNED_AWAY.to_owned());
                    if health::wait_for_room(client).await.is_err() {
                        break;
                    }
                    sent = Self::create_once(client, sent.request).await;
                }
                Ok(Some(Known::Created)) => {
                    sent.look_up(client).await;
                    break;
                }
                Ok(None) | Err(_) => break,
            }
        }
        sent.turned_away = turned_away;
        sent
    }

    /// Finds the task by its correlation id; the answer stays as it is when there is none.
    async fn look_up(&mut self, client: &OrchestrationApiClient) {
        let Ok(database) = LifecycleTestManager::setup().await else {
            return;
        };
        let task = postgres::task_of_correlation(&database.pool, self.request.correlation_id).await;
        if let Ok(Some(task)) = task
            && let Ok(response) = client.get_task(task).await
        {
            self.answer = Ok(response);
        }
    }

    async fn create_once(client: &OrchestrationApiClient, request: TaskRequest) -> Self {
        let (began, begun) = (Utc::now(), Instant::now());
        let answer = client.create_task(request.clone()).await;
        Self {
            request,
            via: Environment::get().instance_at(client.base_url()),
            answer: answer.map_err(|error| error.to_string()),
            create_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            turned_away: Vec::new(),
            began,
            first_readings: Vec::new(),
            expected: BTreeMap::new(),
            must_fail: false,
        }
    }

    /// What was answered, in the verifier's words.
    pub fn outcome(&self) -> CreateOutcome {
        self.canary().create
    }

    /// # Errors
    /// What the client said.
    pub fn task(&self) -> Result<Uuid> {
        match &self.answer {
            Ok(task) => Ok(task.task_uuid.parse()?),
            Err(message) => Err(anyhow!("{} did not create the task: {message}", self.via)),
        }
    }

    /// As the verifier's evidence, with nothing of what became of the task yet.
    pub(crate) fn canary(&self) -> Canary {
        let create = match &self.answer {
            Ok(task) => CreateOutcome::Created {
                task_uuid: task.task_uuid.clone(),
            },
            Err(message) => match status(message) {
                status @ 400..500 => CreateOutcome::Refused {
                    status,
                    message: message.clone(),
                },
                // Of other errors the client does not tell the status, and the task may exist.
                _ => CreateOutcome::Indeterminate {
                    message: message.clone(),
                    task_uuid: None,
                },
            },
        };
        let (namespace, template) = (self.request.namespace.clone(), self.request.name.clone());
        Canary {
            correlation_id: self.request.correlation_id.to_string(),
            expected: self.expected.clone(),
            turned_away: self.turned_away.clone(),
            create_ms: self.create_ms,
            first_readings: self.first_readings.clone(),
            ..Canary::new(self.via.clone(), namespace, template, create)
        }
    }
}

/// What each server tells of a task, all asked at once.
pub(crate) async fn read_everywhere(
    clients: &[OrchestrationApiClient],
    task: Uuid,
) -> Vec<Reading> {
    futures::future::join_all(clients.iter().map(|client| read(client, task))).await
}

async fn read(client: &OrchestrationApiClient, task: Uuid) -> Reading {
    let via = Environment::get().instance_at(client.base_url());
    match client.get_task(task).await {
        Ok(task) => {
            let mut steps: Vec<(String, String)> = task
                .steps
                .into_iter()
                .map(|step| (step.name, step.current_state))
                .collect();
            steps.sort();
            Reading {
                via,
                status: 200,
                state: Some(task.status),
                steps,
            }
        }
        Err(error) => Reading {
            via,
            status: status(&error.to_string()),
            state: None,
            steps: Vec::new(),
        },
    }
}

/// The client has the status in its text alone; 0 where there was no answer.
fn status(message: &str) -> u16 {
    let after = message.split("HTTP ").nth(1).unwrap_or_default();
    after
        .get(..3)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0)
}
