use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// Two writers took the same number, or a transition is gone.
///
/// The number is the highest so far and one more, read before it is written: two
/// transactions at once read the same.
pub struct SortKeyGap;

impl Check for SortKeyGap {
    const CODE: Code = Code::new(605);
    const NAME: &'static str = "sort-key-gap";
    const TITLE: &'static str =
        "the transitions of a task and of each step are numbered without gap or repeat";

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
    fn a_gap_in_a_task_and_a_repeat_in_a_step_are_findings() {
        let mut task = task_history();
        task.transitions[8].sort_key = 10;
        let findings = fires::<SortKeyGap>(&evidence_of(task));
        assert!(
            findings[0]
                .observed
                .contains("sort keys 1 2 3 4 5 6 7 8 10")
        );

        let mut task = task_history();
        task.steps[1].transitions[4].sort_key = 4;
        let findings = fires::<SortKeyGap>(&evidence_of(task));
        assert!(
            findings[0]
                .observed
                .contains("step send: sort keys 1 2 3 4 4")
        );
    }

    #[test]
    fn a_step_that_never_began_has_nothing_to_number() {
        let mut task = task_history();
        task.steps[1].transitions.clear();

        silent::<SortKeyGap>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<SortKeyGap>(&evidence);
    }
}
