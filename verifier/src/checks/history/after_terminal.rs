use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A task or step went on after its end.
///
/// Whoever waited for the end has already acted on it. The same end twice is another finding.
pub struct AfterTerminal;

impl Check for AfterTerminal {
    const CODE: Code = Code::new(609);
    const NAME: &'static str = "after-terminal";
    const TITLE: &'static str =
        "nothing follows the end of a task or step but what an operator does";

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
    use crate::history::{TaskState, Transition};

    #[test]
    fn a_transition_after_the_end_is_a_finding() {
        let mut task = task_history();
        let after = Transition {
            from: Some(TaskState::StepsInProcess),
            to: TaskState::EvaluatingResults,
            sort_key: 10,
            ..task.transitions[8].clone()
        };
        task.transitions.push(after);

        let findings = fires::<AfterTerminal>(&evidence_of(task));

        assert!(findings[0].observed.contains("complete in transition 9"));
    }

    #[test]
    fn a_second_completion_and_a_resolution_by_hand_are_none() {
        for to in [TaskState::Complete, TaskState::ResolvedManually] {
            let mut task = task_history();
            let after = Transition {
                from: Some(TaskState::Complete),
                to,
                sort_key: 10,
                ..task.transitions[8].clone()
            };
            task.transitions.push(after);

            silent::<AfterTerminal>(&evidence_of(task));
        }
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<AfterTerminal>(&evidence);
    }
}
