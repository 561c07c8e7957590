use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A task moved along an edge that the engine's state machine does not have.
///
/// The finalizer and the staleness detector write past the machine by design: their
/// transitions say so in their metadata and are not judged.
pub struct IllegalTaskEdge;

impl Check for IllegalTaskEdge {
    const CODE: Code = Code::new(603);
    const NAME: &'static str = "illegal-task-edge";
    const TITLE: &'static str =
        "every transition of a task is an edge of the engine's state machine";

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
    fn an_edge_that_the_machine_does_not_have_is_a_finding() {
        let mut task = task_history();
        task.transitions[1].to = TaskState::EvaluatingResults;

        let findings = fires::<IllegalTaskEdge>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("transition 2: pending -> evaluating_results")
        );
    }

    #[test]
    fn what_the_finalizer_writes_is_not_judged() {
        let mut task = task_history();
        task.transitions[1].to = TaskState::Complete;
        task.transitions[1].privileged = true;
        task.transitions.truncate(2);

        silent::<IllegalTaskEdge>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<IllegalTaskEdge>(&evidence);
    }
}
