use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A step has two results that were accepted.
///
/// Two servers took the same result from the queue, or two workers ran the step;
/// whatever follows a step was then started twice.
pub struct StepCompletedTwice;

impl Check for StepCompletedTwice {
    const CODE: Code = Code::new(607);
    const NAME: &'static str = "step-completed-twice";
    const TITLE: &'static str = "every step is completed at most once";

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
    use crate::history::Transition;

    #[test]
    fn a_second_completion_is_a_finding() {
        let mut task = task_history();
        let again = Transition {
            sort_key: 6,
            ..task.steps[0].transitions[4].clone()
        };
        task.steps[0].transitions.push(again);

        let findings = fires::<StepCompletedTwice>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("step write: completed 2 times")
        );
    }

    #[test]
    fn a_step_that_is_not_complete_is_none() {
        let mut task = task_history();
        task.steps[0].transitions.truncate(3);

        silent::<StepCompletedTwice>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<StepCompletedTwice>(&evidence);
    }
}
