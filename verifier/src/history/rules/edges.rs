//! Every transition is an edge of the engine's state machine.

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, Transition};

pub fn illegal_task_edge(task: &TaskHistory) -> Vec<Breach> {
    illegal(&task.transitions)
        .map(|observed| Breach {
            step: None,
            observed,
        })
        .collect()
}

pub fn illegal_step_edge(task: &TaskHistory) -> Vec<Breach> {
    task.steps
        .iter()
        .flat_map(|step| {
            illegal(&step.transitions).map(|observed| Breach {
                step: Some(step.name.clone()),
                observed,
            })
        })
        .collect()
}

fn illegal<S: State>(transitions: &[Transition<S>]) -> impl Iterator<Item = String> {
    transitions
        .iter()
        .filter(|transition| !transition.privileged && !transition.to.follows(transition.from))
        .map(|transition| {
            format!(
                "transition {}: {} -> {}",
                transition.sort_key,
                transition.from.map_or("nothing", State::name),
                transition.to.name()
            )
        })
}
