use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// Two servers moved one task, each from the state that it had read.
///
/// The engine checks the state and then writes: without a lock between the two
/// both servers succeed, and one of them worked for nothing or twice.
pub struct TaskChainBroken;

impl Check for TaskChainBroken {
    const CODE: Code = Code::new(601);
    const NAME: &'static str = "task-chain-broken";
    const TITLE: &'static str = "each transition of a task begins where the one before it ended";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        findings::<Self>(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::history::breaches::evidence_of;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::task_history;
    use crate::history::TaskState;

    #[test]
    fn a_transition_that_begins_elsewhere_is_a_finding() {
        let mut task = task_history();
        task.transitions[3].from = Some(TaskState::Initializing);

        let findings = fires::<TaskChainBroken>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("transition 4 begins in initializing")
        );
    }

    #[test]
    fn a_cancellation_that_the_engine_writes_as_one_of_a_pending_task_is_none() {
        let mut task = task_history();
        task.transitions[8].from = Some(TaskState::Pending);
        task.transitions[8].to = TaskState::Cancelled;

        silent::<TaskChainBroken>(&evidence_of(task));
    }

    #[test]
    fn the_first_transition_begins_in_nothing() {
        silent::<TaskChainBroken>(&evidence_of(task_history()));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<TaskChainBroken>(&evidence);
    }
}
