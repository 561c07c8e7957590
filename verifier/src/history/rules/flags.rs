//! The flags of the tables agree with the states: SQL functions of the engine read the flags.

use super::Breach;
use crate::history::{StepState, TaskHistory, TaskState};

pub fn flags_differ(task: &TaskHistory) -> Vec<Breach> {
    if !task.at_rest() {
        return Vec::new();
    }
    let complete = task.state() == Some(TaskState::Complete);
    let mut breaches = Breach::in_steps(task, |step| {
        let state = step.state()?;
        let over = matches!(
            state,
            StepState::Complete | StepState::Cancelled | StepState::ResolvedManually
        );
        if step.processed != over {
            return Some(format!(
                "processed = {}, and it is {}",
                step.processed,
                name(state)
            ));
        }
        (step.in_process && state != StepState::InProgress)
            .then(|| format!("in_process = true, and it is {}", name(state)))
    });
    if task.complete != complete {
        let state = task.state().map_or("nothing", name);
        breaches.push(Breach {
            step: None,
            observed: format!("complete = {}, and it is {state}", task.complete),
        });
    }
    breaches
}

fn name(state: impl crate::history::State) -> &'static str {
    state.name()
}
