//! What is over stays over: nothing follows a terminal state but what an operator does by hand.

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, Transition};

/// By the engine's own table, and as no operator does.
pub fn moved_on(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, goes_on(false), goes_on(false))
}

/// Past that table: steps are moved so by operators, and tasks by the engine's finalizer, which writes `complete` after
/// `cancelled` as readily as after anything else.
pub fn finalized(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, goes_on(true), |_| None)
}

fn goes_on<S: State>(privileged: bool) -> impl Fn(&[Transition<S>]) -> Option<String> {
    move |transitions| {
        let pair = transitions.windows(2).find(|pair| {
            let (end, after) = (&pair[0], &pair[1]);
            // The same end once more is a matter of its own: completed twice.
            end.to.is_terminal()
                && after.privileged == privileged
                && after.to != end.to
                && !after.to.follows(Some(end.to))
        })?;
        Some(format!(
            "{} in transition {}, and {} in transition {} after it",
            pair[0].to.name(),
            pair[0].sort_key,
            pair[1].to.name(),
            pair[1].sort_key
        ))
    }
}
