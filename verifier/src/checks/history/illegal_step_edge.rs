use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A step moved along an edge that the engine's state machine does not have.
pub struct IllegalStepEdge;

impl Check for IllegalStepEdge {
    const CODE: Code = Code::new(604);
    const NAME: &'static str = "illegal-step-edge";
    const TITLE: &'static str =
        "every transition of a step is an edge of the engine's state machine";

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
    use crate::history::StepState;

    #[test]
    fn an_edge_that_the_machine_does_not_have_is_a_finding() {
        let mut task = task_history();
        task.steps[0].transitions[2].to = StepState::Pending;

        let findings = fires::<IllegalStepEdge>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("transition 3: enqueued -> pending")
        );
    }

    #[test]
    fn a_retry_after_an_error_is_an_edge() {
        use StepState::{Enqueued, EnqueuedAsErrorForOrchestration, Error, InProgress, Pending};
        let path = [
            Pending,
            Enqueued,
            InProgress,
            EnqueuedAsErrorForOrchestration,
            Error,
            Pending,
        ];
        let mut task = task_history();
        task.steps[0].transitions = crate::evidence::healthy::chain(&path, 0);

        silent::<IllegalStepEdge>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<IllegalStepEdge>(&evidence);
    }
}
