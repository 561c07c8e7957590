use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A step was started without the results that it needs.
pub struct DependencyViolated;

impl Check for DependencyViolated {
    const CODE: Code = Code::new(614);
    const NAME: &'static str = "dependency-violated";
    const TITLE: &'static str =
        "no step was enqueued before the steps that it depends on were complete";

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
    fn a_child_before_its_parent_is_a_finding() {
        let mut task = task_history();
        for transition in &mut task.steps[1].transitions {
            transition.at -= chrono::TimeDelta::seconds(5);
        }

        let findings = fires::<DependencyViolated>(&evidence_of(task));

        assert!(findings[0].observed.contains("step send: enqueued at"));
    }

    #[test]
    fn a_child_of_a_parent_that_never_completed_is_a_finding() {
        let mut task = task_history();
        task.steps[0].transitions.pop();

        let findings = fires::<DependencyViolated>(&evidence_of(task));

        assert!(findings[0].observed.ends_with("write not complete"));
    }

    #[test]
    fn a_child_that_did_not_start_may_wait() {
        let mut task = task_history();
        task.steps[0].transitions.pop();
        task.steps[1].transitions.truncate(1);

        silent::<DependencyViolated>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<DependencyViolated>(&evidence);
    }
}
