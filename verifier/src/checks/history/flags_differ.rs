use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A flag of a table says something else than the transitions.
///
/// The engine decides by the flags in some places and by the states in others.
pub struct FlagsDiffer;

impl Check for FlagsDiffer {
    const CODE: Code = Code::new(615);
    const NAME: &'static str = "flags-differ";
    const TITLE: &'static str = "the flags of tasks and steps at rest agree with their states";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        findings::<Self>(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::history::breaches::evidence_of;
    use crate::checks::testing::{accepted_by_the_project, fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::task_history;
    use crate::history::TaskHistory;

    #[test]
    fn each_flag_that_disagrees_is_a_finding() {
        let mut task = task_history();
        task.complete = false;
        fires::<FlagsDiffer>(&evidence_of(task));

        let mut task = task_history();
        task.steps[0].processed = false;
        let findings = fires::<FlagsDiffer>(&evidence_of(task));
        assert!(
            findings[0]
                .observed
                .contains("step write: processed = false, and it is complete")
        );

        let mut task = task_history();
        task.steps[0].in_process = true;
        fires::<FlagsDiffer>(&evidence_of(task));
    }

    #[test]
    fn only_the_flag_that_a_slower_worker_sets_is_known_of_the_engine() {
        let known = |change: fn(&mut TaskHistory)| {
            let mut task = task_history();
            change(&mut task);
            let found = accepted_by_the_project::<FlagsDiffer>(&evidence_of(task));
            found[0].known.is_some()
        };

        assert!(known(|task| task.steps[1].in_process = true));
        assert!(!known(|task| task.steps[0].processed = false));
        assert!(!known(|task| task.complete = false));
    }

    #[test]
    fn a_task_in_motion_may_be_seen_between_its_flag_and_its_state() {
        let mut task = task_history();
        task.complete = false;
        task.transitions.pop();
        task.transitions[7].most_recent = true;
        task.steps[1].processed = false;

        silent::<FlagsDiffer>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<FlagsDiffer>(&evidence);
    }
}
