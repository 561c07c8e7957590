//! The flags of the tables agree with the states: SQL functions of the engine read the flags.

use super::Breach;
use crate::history::{State, StepState, TaskHistory, TaskState};

/// A task is marked complete when it is.
pub fn complete_differs(task: &TaskHistory) -> Vec<Breach> {
    let complete = task.state() == Some(TaskState::Complete);
    if !task.at_rest() || task.complete == complete {
        return Vec::new();
    }
    let state = task.state().map_or("nothing", State::name);
    vec![Breach {
        step: None,
        observed: format!("complete = {}, and it is {state}", task.complete),
    }]
}

/// A step is marked processed when it is over and not in error.
pub fn processed_differs(task: &TaskHistory) -> Vec<Breach> {
    if !task.at_rest() {
        return Vec::new();
    }
    Breach::in_steps(task, |step| {
        let state = step.state()?;
        let over = matches!(
            state,
            StepState::Complete | StepState::Cancelled | StepState::ResolvedManually
        );
        (step.processed != over)
            .then(|| format!("processed = {}, and it is {}", step.processed, state.name()))
    })
}

/// A step is marked as in process while a worker has it.
pub fn in_process_differs(task: &TaskHistory) -> Vec<Breach> {
    if !task.at_rest() {
        return Vec::new();
    }
    Breach::in_steps(task, |step| {
        let state = step.state()?;
        (step.in_process && state != StepState::InProgress)
            .then(|| format!("in_process = true, and it is {}", state.name()))
    })
}
