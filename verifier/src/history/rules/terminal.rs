//! What is over stays over: nothing follows a terminal state but what an operator does by hand.

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, Transition};

pub fn after_terminal(task: &TaskHistory) -> Vec<Breach> {
    // Past the edge table, steps are moved by operators, tasks by the engine's finalizer: it writes
    // `complete` after `cancelled` as readily as after anything else.
    Breach::in_task_or_steps(
        task,
        |own| goes_on(own, |_| false),
        |of_step| goes_on(of_step, |after| after.privileged),
    )
}

fn goes_on<S: State>(
    transitions: &[Transition<S>],
    by_hand: impl Fn(&Transition<S>) -> bool,
) -> Option<String> {
    let pair = transitions.windows(2).find(|pair| {
        let (end, after) = (&pair[0], &pair[1]);
        // The same end once more is a matter of its own: completed twice.
        end.to.is_terminal()
            && !by_hand(after)
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
