//! One task with its steps, transitions and audited results.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::{State, StepState, TaskState};

/// A row of `task_transitions` or `workflow_step_transitions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition<S> {
    /// None: the first of the chain.
    pub from: Option<S>,
    pub to: S,
    pub sort_key: i32,
    pub most_recent: bool,
    /// The server that wrote it; steps have none.
    pub processor: Option<Uuid>,
    pub at: DateTime<Utc>,
    /// Written past the engine's edge table: a task's by the finalizer or the staleness
    /// detector, a step's by an operator who completes, resolves or resets it by hand.
    pub privileged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskHistory {
    pub task: Uuid,
    pub namespace: String,
    pub template: String,
    pub correlation: Uuid,
    pub created_at: DateTime<Utc>,
    /// The flag of the tasks table.
    pub complete: bool,
    /// By sort_key, then by time.
    pub transitions: Vec<Transition<TaskState>>,
    pub steps: Vec<StepHistory>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepHistory {
    pub step: Uuid,
    pub name: String,
    pub attempts: i32,
    pub max_attempts: i32,
    pub in_process: bool,
    pub processed: bool,
    pub has_result: bool,
    /// Its result asks the engine for a batch of steps that depend on it.
    #[serde(default)]
    pub asks_for_batch: bool,
    pub transitions: Vec<Transition<StepState>>,
    pub audits: Vec<Audit>,
}

/// A row of `workflow_step_result_audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub worker: Option<Uuid>,
    pub success: bool,
    pub at: DateTime<Utc>,
}

/// `child` may start once `parent` is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    pub parent: Uuid,
    pub child: Uuid,
}

impl TaskHistory {
    pub fn state(&self) -> Option<TaskState> {
        current(&self.transitions)
    }

    /// Steps are mostly in the order of their uuids, which is that of their creation.
    pub fn step(&self, step: Uuid) -> Option<&StepHistory> {
        match self
            .steps
            .binary_search_by_key(&step, |candidate| candidate.step)
        {
            Ok(index) => self.steps.get(index),
            Err(_) => self.steps.iter().find(|candidate| candidate.step == step),
        }
    }

    /// Whether it stays as it is until somebody acts: what is read of it in several queries fits together.
    pub fn at_rest(&self) -> bool {
        let state = self.state();
        state.is_some_and(|state| state.is_terminal() || state == TaskState::BlockedByFailures)
    }
}

impl StepHistory {
    pub fn state(&self) -> Option<StepState> {
        current(&self.transitions)
    }

    /// How often it was handed to the workers: once, and once more for each time it is tried again. That a second server
    /// enqueues what is enqueued is a race itself, and no further chance for one.
    pub fn handed_out(&self) -> u64 {
        let pairs = self.transitions.windows(2);
        let handed = pairs
            .filter(|pair| pair[1].to == StepState::Enqueued && pair[1].from == Some(pair[0].to));
        handed.count() as u64
    }

    /// Whether what depends on it may start.
    pub fn is_satisfied(&self) -> bool {
        matches!(
            self.state(),
            Some(StepState::Complete | StepState::ResolvedManually)
        )
    }
}

fn current<S: Copy>(transitions: &[Transition<S>]) -> Option<S> {
    let marked = transitions
        .iter()
        .rfind(|transition| transition.most_recent);
    marked
        .or(transitions.last())
        .map(|transition| transition.to)
}
