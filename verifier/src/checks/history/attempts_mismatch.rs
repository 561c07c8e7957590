use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The count of a step's attempts is not the number of its claims.
///
/// A worker claims first and counts then: one that dies in between leaves a claim
/// that does not count against the limit.
pub struct AttemptsMismatch;

impl Check for AttemptsMismatch {
    const CODE: Code = Code::new(610);
    const NAME: &'static str = "attempts-mismatch";
    const TITLE: &'static str = "every step's attempts are the claims that were recorded for it";

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
    use crate::history::{StepState, Transition};

    #[test]
    fn a_claim_that_was_not_counted_is_a_finding() {
        let mut task = task_history();
        task.steps[0].attempts = 0;

        let findings = fires::<AttemptsMismatch>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("0 attempts counted and 1 claims recorded")
        );
    }

    #[test]
    fn claims_before_an_operators_reset_do_not_count() {
        let mut task = task_history();
        let step = &mut task.steps[0];
        let first = step.transitions[0].clone();
        step.transitions.insert(
            0,
            Transition {
                to: StepState::InProgress,
                ..first
            },
        );
        step.transitions[1].privileged = true;

        silent::<AttemptsMismatch>(&evidence_of(task));
    }

    #[test]
    fn a_task_in_motion_may_be_seen_between_the_claim_and_its_count() {
        let mut task = task_history();
        task.steps[0].attempts = 0;
        task.transitions.truncate(4);

        silent::<AttemptsMismatch>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<AttemptsMismatch>(&evidence);
    }
}
