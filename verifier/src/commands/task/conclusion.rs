//! Where a task stands: at rest, on its way, or stuck at a step.

use chrono::TimeDelta;
use serde::Serialize;

use super::story::Seen;
use crate::collect::canary::AT_REST;
use crate::history::{State, StepHistory, StepState, TaskHistory};

/// A task that moved within this time is on its way.
const STILL: TimeDelta = TimeDelta::seconds(10);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Conclusion {
    AtRest {
        state: String,
        after_ms: i64,
        /// The step that kept it from completing, and its error.
        failed_step: Option<String>,
        error: Option<String>,
    },
    /// It moved a moment ago.
    Moving { state: String, moved_ms_ago: i64 },
    Stuck {
        state: String,
        still_ms: i64,
        /// None: the task has no steps yet.
        step: Option<String>,
        step_state: Option<String>,
        queue: String,
        /// Whether a message for the step waits in any queue, and how often it was taken.
        message: Option<i32>,
        subscribers: Vec<String>,
    },
}

pub fn is_at_rest(task: &TaskHistory) -> bool {
    task.state()
        .is_some_and(|state| AT_REST.contains(&state.name()))
}

pub fn conclude(seen: &Seen) -> Conclusion {
    let task = &seen.task;
    let state = task.state().map_or("none", State::name).to_owned();
    let moves = task.transitions.iter().map(|it| it.at).chain(
        task.steps
            .iter()
            .flat_map(|step| &step.transitions)
            .map(|it| it.at),
    );
    let last = moves.max().unwrap_or(task.created_at);
    if is_at_rest(task) {
        let failed = task
            .steps
            .iter()
            .find(|step| step.state() == Some(StepState::Error));
        let failed = failed.filter(|_| state != "complete");
        let rest = task
            .transitions
            .iter()
            .filter(|it| it.to.name() == state)
            .map(|it| it.at)
            .min();
        return Conclusion::AtRest {
            after_ms: (rest.unwrap_or(last) - task.created_at).num_milliseconds(),
            error: failed.and_then(|step| seen.errors.get(&step.name).cloned()),
            failed_step: failed.map(|step| step.name.clone()),
            state,
        };
    }
    let still = seen.now - last;
    if still < STILL {
        return Conclusion::Moving {
            state,
            moved_ms_ago: still.num_milliseconds(),
        };
    }
    let step = waited_for(task);
    let step_state = step.and_then(StepHistory::state);
    let message = seen
        .messages
        .iter()
        .find(|it| it.step == step.map(|step| step.step));
    let queue = match step_state {
        Some(StepState::EnqueuedForOrchestration | StepState::EnqueuedAsErrorForOrchestration) => {
            "orchestration_step_results".to_owned()
        }
        _ => format!("worker_{}_queue", task.namespace),
    };
    Conclusion::Stuck {
        state,
        still_ms: still.num_milliseconds(),
        step: step.map(|step| step.name.clone()),
        step_state: step_state.map(|state| state.name().to_owned()),
        queue: message.map_or(queue, |message| message.queue.clone()),
        message: message.map(|message| message.read_count),
        subscribers: seen.subscribers.clone().unwrap_or_default(),
    }
}

/// The first step that began and did not end, else the first that did not begin.
fn waited_for(task: &TaskHistory) -> Option<&StepHistory> {
    let open = |step: &&StepHistory| {
        !matches!(
            step.state(),
            Some(StepState::Complete | StepState::Cancelled | StepState::ResolvedManually)
        )
    };
    let begun = |step: &&StepHistory| open(step) && step.state() != Some(StepState::Pending);
    task.steps
        .iter()
        .find(begun)
        .or_else(|| task.steps.iter().find(open))
}
