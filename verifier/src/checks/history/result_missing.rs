use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A step is complete and its result is gone: whatever depends on it computes with nothing.
pub struct ResultMissing;

impl Check for ResultMissing {
    const CODE: Code = Code::new(621);
    const NAME: &'static str = "result-missing";
    const TITLE: &'static str = "every completed step has a result";

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
    fn a_completed_step_without_a_result_is_a_finding() {
        let mut task = task_history();
        task.steps[1].has_result = false;

        let findings = fires::<ResultMissing>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("step send: complete, and no result")
        );
    }

    #[test]
    fn a_step_in_progress_has_none_yet() {
        let mut task = task_history();
        task.steps[1].has_result = false;
        task.steps[1].transitions.truncate(3);

        silent::<ResultMissing>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<ResultMissing>(&evidence);
    }
}
