use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A task was completed twice: whoever waits for it is told twice.
pub struct TaskCompletedTwice;

impl Check for TaskCompletedTwice {
    const CODE: Code = Code::new(608);
    const NAME: &'static str = "task-completed-twice";
    const TITLE: &'static str = "every task is completed at most once";

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
            sort_key: 10,
            ..task.transitions[8].clone()
        };
        task.transitions.push(again);

        let findings = fires::<TaskCompletedTwice>(&evidence_of(task));

        assert!(findings[0].observed.contains("completed 2 times"));
    }

    #[test]
    fn several_completed_steps_are_no_completed_task() {
        let mut task = task_history();
        task.transitions.truncate(7);

        silent::<TaskCompletedTwice>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<TaskCompletedTwice>(&evidence);
    }
}
