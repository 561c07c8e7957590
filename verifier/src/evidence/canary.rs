//! What the canaries met: small real tasks, one a namespace through each orchestration server.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Unseen;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Canaries {
    pub tasks: Vec<Canary>,
    /// The same task asked of all servers at once; none when this run did not try.
    pub twins: Option<Twins>,
    /// A task that was cancelled; none when this run did not try.
    pub cancellation: Option<Cancellation>,
    /// When twins and cancellation were tried, of these very servers; none when they were not.
    #[serde(default)]
    pub tried_at: Option<DateTime<Utc>>,
    /// Which part of all ways through the cluster was tried; none where that was not chosen by what earlier checks saw.
    #[serde(default)]
    pub ways: Option<Ways>,
    /// Canaries of earlier days that this run removed.
    #[serde(default)]
    pub aged_out: u64,
    /// Where they must come to rest; none means `complete`.
    #[serde(default)]
    pub end: Option<String>,
}

/// Ways through the cluster: a namespace through a server. Each that was not tried is proven by an earlier canary
/// through the very same processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    pub tried: usize,
    pub all: usize,
    /// When the canary was sent that is the oldest such proof; none where all ways were tried.
    pub oldest_proof: Option<DateTime<Utc>>,
}

/// One and the same task, asked of every server at the same moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Twins {
    pub namespace: String,
    pub template: String,
    pub correlation_id: String,
    /// By server.
    pub answers: Vec<(String, CreateOutcome)>,
    /// Rows of the tasks table that came of it.
    pub tasks: u64,
}

/// A task that sleeps, cancelled through one server and read through all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cancellation {
    /// The server that created it.
    pub created_via: String,
    /// The server that was asked to cancel it.
    pub via: String,
    pub task: String,
    /// What the server answered to the DELETE; 0 when there was no answer.
    pub status: u16,
    /// What each server answered right after.
    pub readings: Vec<Reading>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Canary {
    /// Orchestration instance that was asked to create the task.
    pub via: String,
    pub namespace: String,
    pub template: String,
    pub correlation_id: String,
    /// What must come back, by step: the value under the key `result` in what its handler returns.
    #[serde(default)]
    pub expected: BTreeMap<String, serde_json::Value>,
    /// Whether the tasks table has the acknowledged task; none when nobody looked.
    #[serde(default)]
    pub in_database: Option<bool>,
    /// The task's state at the end as the database has it.
    #[serde(default)]
    pub database_state: Option<String>,
    /// Rows of the tasks table with its correlation id; none when nobody looked.
    #[serde(default)]
    pub tasks_of_correlation: Option<u64>,
    /// Domain events with its correlation id in its namespace's queue, by name; none when nobody looked.
    #[serde(default)]
    pub events: Option<BTreeMap<String, u64>>,
    /// What one server after the other answered while the task was on its way.
    #[serde(default)]
    pub on_the_way: Vec<Reading>,
    /// The processor that first moved the task.
    #[serde(default)]
    pub creator: Option<String>,
    pub create: CreateOutcome,
    /// What the server answered each time that it was too busy and said to come back later.
    #[serde(default)]
    pub turned_away: Vec<String>,
    /// The reason that the server's own log gives for an error; none where it gives none, or is not known.
    #[serde(default)]
    pub logged: Option<String>,
    /// Milliseconds that the create took.
    pub create_ms: u64,
    /// What each orchestration instance answered right after the create.
    pub first_readings: Vec<Reading>,
    /// What each orchestration instance answered at the end.
    pub last_readings: Vec<Reading>,
    /// Milliseconds from the create to the first terminal state seen.
    pub finished_ms: Option<u64>,
    /// Milliseconds that the task was waited for.
    pub waited_ms: u64,
    pub steps: Vec<CanaryStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateOutcome {
    Created {
        task_uuid: String,
    },
    /// An answer that says no.
    Refused {
        status: u16,
        message: String,
    },
    /// An error after which the task may exist all the same.
    Indeterminate {
        message: String,
        task_uuid: Option<String>,
    },
}

impl Canaries {
    /// The canaries, of which there must be at least one for anything to be judged by them.
    ///
    /// # Errors
    /// None was sent.
    pub fn sent(&self) -> Result<&[Canary], Unseen> {
        if self.tasks.is_empty() {
            return Err(Unseen::new(
                "canaries",
                "no workload of config/workloads.toml is one",
            ));
        }
        Ok(&self.tasks)
    }
}

impl Canary {
    /// One that was just created, of which nothing else is known yet.
    pub fn new(via: String, namespace: String, template: String, create: CreateOutcome) -> Self {
        Self {
            via,
            namespace,
            template,
            correlation_id: String::new(),
            expected: BTreeMap::new(),
            in_database: None,
            database_state: None,
            tasks_of_correlation: None,
            events: None,
            on_the_way: Vec::new(),
            creator: None,
            create,
            turned_away: Vec::new(),
            logged: None,
            create_ms: 0,
            first_readings: Vec::new(),
            last_readings: Vec::new(),
            finished_ms: None,
            waited_ms: 0,
            steps: Vec::new(),
        }
    }

    /// Whether it came to rest, so that what is read of it no longer changes by itself.
    pub fn at_rest(&self) -> bool {
        self.finished_ms.is_some()
    }

    /// Whether any instance, or the database, has it complete.
    pub fn is_complete(&self) -> bool {
        let mut states = self
            .last_readings
            .iter()
            .filter_map(|reading| reading.state.as_deref());
        let steps_complete =
            || !self.steps.is_empty() && self.steps.iter().all(|step| step.state == "complete");
        match states.next() {
            Some(state) => state == "complete" || states.any(|state| state == "complete"),
            None => self.at_rest() && steps_complete(),
        }
    }

    /// The task's state as its own server tells it, else as any does.
    pub fn state(&self) -> Option<&str> {
        let own = self
            .last_readings
            .iter()
            .find(|reading| reading.via == self.via);
        own.into_iter()
            .chain(&self.last_readings)
            .find_map(|reading| reading.state.as_deref())
    }
}

/// As the subject of a finding.
impl fmt::Display for Canary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "canary of {} via {}", self.namespace, self.via)
    }
}

impl CreateOutcome {
    pub fn task_uuid(&self) -> Option<&str> {
        match self {
            Self::Created { task_uuid } => Some(task_uuid),
            Self::Indeterminate { task_uuid, .. } => task_uuid.as_deref(),
            Self::Refused { .. } => None,
        }
    }
}

/// One instance's view of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub via: String,
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The task's state; none when the answer had none.
    pub state: Option<String>,
    /// Step name and state, sorted by name; empty when the steps were not asked for.
    pub steps: Vec<(String, String)>,
}

/// A canary's step as the database has it at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CanaryStep {
    pub step_uuid: String,
    pub name: String,
    pub state: String,
    pub attempts: i64,
    /// Workers with an audited result.
    pub workers: Vec<String>,
    /// Whether a message for the step waits in its namespace's queue.
    pub message_waiting: bool,
    pub result: Option<serde_json::Value>,
}
