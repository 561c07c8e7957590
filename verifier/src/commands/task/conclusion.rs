//! Where a task stands: at rest, on its way, or stuck at a step.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::story::Seen;
use crate::collect::canary::AT_REST;
use crate::history::{State, StepHistory, StepState, TaskHistory};

/// A task that moved within this time is on its way.
const STILL: TimeDelta = TimeDelta::seconds(10);

/// How late a server may be with a retry that is due.
const GRANTED: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Conclusion {
    AtRest {
        state: String,
        after_ms: i64,
        /// The step that kept it from completing, and its error.
        failed_step: Option<String>,
        error: Option<String>,
        /// Why the engine gave it up, as its dead letter table has it.
        given_up: Option<String>,
    },
    /// It moved a moment ago.
    Moving { state: String, moved_ms_ago: i64 },
    /// Every step is over, and nobody looks at the task again.
    Forgotten {
        state: String,
        still_ms: i64,
        steps: usize,
    },
    /// A step waits until it may be tried again; negative: that is due.
    Waits {
        state: String,
        step: String,
        due_in_ms: i64,
    },
    /// A step was to be tried again, and nobody looks at the task.
    Overdue {
        state: String,
        still_ms: i64,
        step: String,
        due_ms_ago: i64,
    },
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

/// Whether it should move and has not for a while.
pub fn stands_still(task: &TaskHistory, now: DateTime<Utc>) -> bool {
    !is_at_rest(task) && now - last_move(task) >= STILL
}

fn last_move(task: &TaskHistory) -> DateTime<Utc> {
    let of_steps = task.steps.iter().flat_map(|step| &step.transitions);
    let moves = task.transitions.iter().map(|it| it.at);
    let last = moves.chain(of_steps.map(|it| it.at)).max();
    last.unwrap_or(task.created_at)
}

fn is_at_rest(task: &TaskHistory) -> bool {
    task.state()
        .is_some_and(|state| AT_REST.contains(&state.name()))
}

pub fn conclude(seen: &Seen) -> Conclusion {
    let task = &seen.task;
    let state = task.state().map_or("none", State::name).to_owned();
    let last = last_move(task);
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
            given_up: seen.given_up.clone().filter(|_| state == "error"),
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
    if step.is_none() && !task.steps.is_empty() {
        return Conclusion::Forgotten {
            state,
            still_ms: still.num_milliseconds(),
            steps: task.steps.len(),
        };
    }
    let step_state = step.and_then(StepHistory::state);
    if let (Some(step), Some(StepState::WaitingForRetry)) = (step, step_state)
        && let Some(due) = seen.retry_due
    {
        let late = seen.now - due.max(last);
        return if late > GRANTED {
            Conclusion::Overdue {
                state,
                still_ms: still.num_milliseconds(),
                step: step.name.clone(),
                due_ms_ago: late.num_milliseconds(),
            }
        } else {
            Conclusion::Waits {
                state,
                step: step.name.clone(),
                due_in_ms: (due - seen.now).num_milliseconds(),
            }
        };
    }
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

/// The first step that somebody has in hand or should take, else one that began and did not end, else one that did
/// not begin.
fn waited_for(task: &TaskHistory) -> Option<&StepHistory> {
    let open = |step: &&StepHistory| {
        !matches!(
            step.state(),
            Some(StepState::Complete | StepState::Cancelled | StepState::ResolvedManually)
        )
    };
    let begun = |step: &&StepHistory| open(step) && step.state() != Some(StepState::Pending);
    let in_flight = |step: &&StepHistory| step.state().is_some_and(StepState::is_in_flight);
    task.steps
        .iter()
        .find(in_flight)
        .or_else(|| task.steps.iter().find(begun))
        .or_else(|| task.steps.iter().find(open))
}

#[cfg(test)]
mod tests {
    use super::super::example::{ENQUEUED, IN_PROCESS, RETRYING, at, chain, seen};
    use super::*;

    #[test]
    fn a_step_in_hand_is_waited_for_before_one_that_is_tried_again_later() {
        let mut seen = seen(&IN_PROCESS, &RETRYING);
        let mut other = seen.task.steps[0].clone();
        other.name = "file_it".into();
        other.transitions = chain(&ENQUEUED);
        seen.task.steps.push(other);
        seen.retry_due = Some(at(2_000));

        let Conclusion::Stuck { step, .. } = conclude(&seen) else {
            panic!("it is stuck");
        };
        assert_eq!(step.as_deref(), Some("file_it"));
    }

    #[test]
    fn a_result_that_no_server_takes_waits_in_the_servers_queue() {
        let step = [
            (StepState::Pending, 0),
            (StepState::Enqueued, 50),
            (StepState::InProgress, 60),
            (StepState::EnqueuedForOrchestration, 70),
        ];
        let Conclusion::Stuck { queue, message, .. } = conclude(&seen(&IN_PROCESS, &step)) else {
            panic!("it is stuck");
        };

        assert_eq!(queue, "orchestration_step_results");
        assert_eq!(message, None);
    }

    #[test]
    fn a_task_that_moved_a_moment_ago_is_on_its_way() {
        let mut seen = seen(&IN_PROCESS, &ENQUEUED);
        seen.now = at(1_060);

        assert!(!stands_still(&seen.task, seen.now));
        assert_eq!(
            conclude(&seen),
            Conclusion::Moving {
                state: "steps_in_process".into(),
                moved_ms_ago: 1_000
            }
        );
    }
}
