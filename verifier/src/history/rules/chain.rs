//! Each transition begins where the one before it ended: two writers that
//! checked and then acted, both from the same state, break this.

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, Transition};

pub fn task_chain_broken(task: &TaskHistory) -> Vec<Breach> {
    gaps(&task.transitions)
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
            gaps(&step.transitions).map(|observed| Breach {
                step: Some(step.name.clone()),
                observed,
            })
        })
        .collect()
}

fn gaps<S: State>(transitions: &[Transition<S>]) -> impl Iterator<Item = String> {
    transitions.windows(2).filter_map(|pair| {
        let [before, after] = pair else { return None };
        (after.from != Some(before.to)).then(|| {
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
