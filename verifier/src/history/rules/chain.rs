//! Each transition begins where the one before it ended: two writers that
//! checked and then acted, both from the same state, break this.

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, TaskState, Transition};

/// The engine's API writes every cancellation of a task as one of a pending task
/// (seen in 0.1.8): that is no race, and is not counted as one.
pub fn task_chain_broken(task: &TaskHistory) -> Vec<Breach> {
    let counted = |after: &Transition<TaskState>| {
        (after.from, after.to) != (Some(TaskState::Pending), TaskState::Cancelled)
    };
    gaps(&task.transitions, counted)
        .map(|observed| Breach {
            step: None,
            observed,
        })
        .collect()
}

pub fn step_chain_broken(task: &TaskHistory) -> Vec<Breach> {
    task.steps
        .iter()
        .flat_map(|step| {
            gaps(&step.transitions, |_| true).map(|observed| Breach {
                step: Some(step.name.clone()),
                observed,
            })
        })
        .collect()
}

fn gaps<S: State>(
    transitions: &[Transition<S>],
    counted: impl Fn(&Transition<S>) -> bool,
) -> impl Iterator<Item = String> {
    transitions.windows(2).filter_map(move |pair| {
        let [before, after] = pair else { return None };
        (after.from != Some(before.to) && counted(after)).then(|| {
            format!(
                "transition {} ends in {}, transition {} begins in {}",
                before.sort_key,
                before.to.name(),
                after.sort_key,
                after.from.map_or("nothing", State::name)
            )
        })
    })
}
