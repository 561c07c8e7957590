use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A step was tried more often than its template allows.
///
/// What must not be repeated without end, such as a payment, was.
pub struct AttemptsExceeded;

impl Check for AttemptsExceeded {
    const CODE: Code = Code::new(620);
    const NAME: &'static str = "attempts-exceeded";
    const TITLE: &'static str = "no step was tried more often than its template allows";

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

    #[test]
    fn one_attempt_too_many_is_a_finding() {
        let mut task = task_history();
        task.steps[0].attempts = 4;

        let findings = fires::<AttemptsExceeded>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("4 attempts where 3 are allowed")
        );
    }

    #[test]
    fn a_step_that_is_not_to_be_retried_may_be_tried_once() {
        let mut task = task_history();
        task.steps[0].max_attempts = 0;

        silent::<AttemptsExceeded>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<AttemptsExceeded>(&evidence);
    }
}
