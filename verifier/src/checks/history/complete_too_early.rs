use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A task was complete before one of its steps was: whoever waited for it went on with a part of the work undone.
pub struct CompleteTooEarly;

impl Check for CompleteTooEarly {
    const CODE: Code = Code::new(625);
    const NAME: &'static str = "complete-too-early";
    const TITLE: &'static str = "no task was complete before all of its steps were";

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

    #[test]
    fn a_step_that_is_not_complete_in_a_complete_task_is_a_finding() {
        let mut task = task_history();
        task.steps[1].transitions.truncate(3);

        let findings = fires::<CompleteTooEarly>(&evidence_of(task));

        assert!(
            findings[0]
                .observed
                .contains("step send: not complete, and the task is")
        );
    }

    #[test]
    fn a_task_that_was_complete_too_early_is_one_finding_however_many_steps_were_left() {
        let mut task = task_history();
        for step in &mut task.steps {
            step.transitions.truncate(3);
        }

        let findings = fires::<CompleteTooEarly>(&evidence_of(task.clone()));

        assert_eq!((findings.len(), findings[0].times), (1, 1));
        let others = format!("and the task is, as {} more steps", task.steps.len() - 1);
        assert!(findings[0].observed.ends_with(&others), "{findings:?}");
    }

    #[test]
    fn a_step_that_was_complete_later_is_a_finding() {
        let mut task = task_history();
        task.steps[1].transitions[4].at += chrono::TimeDelta::seconds(5);

        fires::<CompleteTooEarly>(&evidence_of(task));
    }

    #[test]
    fn a_batch_that_was_asked_for_and_never_made_is_a_finding_of_its_own_kind() {
        let mut task = task_history();
        task.steps[1].asks_for_batch = true;

        let findings = accepted_by_the_project::<CompleteTooEarly>(&evidence_of(task.clone()));
        assert!(findings[0].subject.ends_with(", unmade batch"));
        assert!(findings[0].known.is_some());

        // A step that another waits for has been followed.
        task.steps[1].asks_for_batch = false;
        task.steps[0].asks_for_batch = true;
        silent::<CompleteTooEarly>(&evidence_of(task));
    }

    #[test]
    fn a_step_that_was_resolved_by_hand_counts_as_complete() {
        let mut task = task_history();
        task.steps[1].transitions[4].to = crate::history::StepState::ResolvedManually;

        silent::<CompleteTooEarly>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<CompleteTooEarly>(&evidence);
    }
}
