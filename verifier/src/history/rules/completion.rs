//! A task, and each of its steps, is completed once.

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, Transition};

pub fn task_completed_twice(task: &TaskHistory) -> Vec<Breach> {
    repeated(&task.transitions)
        .map(|observed| Breach {
            step: None,
            observed,
        })
        .into_iter()
        .collect()
}

pub fn step_completed_twice(task: &TaskHistory) -> Vec<Breach> {
    task.steps
        .iter()
        .filter_map(|step| {
            let observed = repeated(&step.transitions)?;
            Some(Breach {
                step: Some(step.name.clone()),
                observed,
            })
        })
        .collect()
}

fn repeated<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    let times = transitions
        .iter()
        .filter(|transition| transition.to == S::COMPLETE)
        .count();
    (times > 1).then(|| format!("completed {times} times"))
}
