use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// Two processes moved one step, each from the state that it had read.
pub struct StepChainBroken;

impl Check for StepChainBroken {
    const CODE: Code = Code::new(602);
    const NAME: &'static str = "step-chain-broken";
    const TITLE: &'static str = "each transition of a step begins where the one before it ended";

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
    use crate::history::{StepState, TaskState};

    #[test]
    fn a_transition_that_begins_elsewhere_names_the_step() {
        let mut task = task_history();
        task.steps[1].transitions[4].from = Some(StepState::InProgress);

        let findings = fires::<StepChainBroken>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .starts_with("the database has step send: transition 4")
        );
    }

    #[test]
    fn a_break_in_the_task_itself_is_another_finding() {
        let mut task = task_history();
        task.transitions[3].from = Some(TaskState::Initializing);

        silent::<StepChainBroken>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<StepChainBroken>(&evidence);
    }
}
