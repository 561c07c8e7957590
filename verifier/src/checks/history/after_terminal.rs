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
    use crate::checks::testing::{accepted_by_the_project, fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::task_history;
    use crate::history::{StepState, TaskHistory, TaskState, Transition};

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

    /// The task with its end in another state, and after that what is written past the engine's edge table.
    fn finalized(end: TaskState, after: TaskState) -> TaskHistory {
        let mut task = task_history();
        let last = task.transitions.last_mut().unwrap();
        last.to = end;
        let after = Transition {
            from: Some(end),
            to: after,
            sort_key: 10,
            privileged: true,
            ..last.clone()
        };
        task.transitions.push(after);
        task
    }

    #[test]
    fn what_the_finalizer_writes_after_an_end_is_a_finding() {
        use TaskState as T;
        for (end, after) in [
            (T::Cancelled, T::Complete),
            (T::Error, T::Complete),
            (T::ResolvedManually, T::Complete),
            (T::Complete, T::BlockedByFailures),
            (T::Cancelled, T::BlockedByFailures),
        ] {
            fires::<AfterTerminal>(&evidence_of(finalized(end, after)));
        }
        // A state from which the engine's own table leads on.
        silent::<AfterTerminal>(&evidence_of(finalized(T::BlockedByFailures, T::Error)));
        silent::<AfterTerminal>(&evidence_of(finalized(T::BlockedByFailures, T::Complete)));
    }

    #[test]
    fn of_the_engine_it_is_known_that_others_go_on_and_not_that_the_finalizer_does() {
        let mut task = finalized(TaskState::Cancelled, TaskState::Complete);
        let mut after = task.transitions[9].clone();
        (after.to, after.sort_key, after.privileged) = (TaskState::EvaluatingResults, 11, false);
        task.transitions.push(after);

        let accepted = accepted_by_the_project::<AfterTerminal>(&evidence_of(task));

        let kind = |it: &Finding| it.subject.split_once(", ").map(|(_, kind)| kind.to_owned());
        let accepted: Vec<_> = accepted
            .iter()
            .map(|it| (kind(it), it.known.is_some()))
            .collect();
        let expected = [("finalized", false), ("moved on", true)];
        assert_eq!(
            accepted,
            expected.map(|(kind, known)| (Some(kind.to_owned()), known))
        );
    }

    #[test]
    fn a_step_that_an_operator_completes_after_its_end_is_none() {
        let mut task = task_history();
        let transitions = &mut task.steps[0].transitions;
        let end = transitions.last_mut().unwrap();
        end.to = StepState::Cancelled;
        let mut after = Transition {
            from: Some(StepState::Cancelled),
            to: StepState::Complete,
            sort_key: end.sort_key + 1,
            privileged: true,
            ..end.clone()
        };
        transitions.push(after.clone());
        silent::<AfterTerminal>(&evidence_of(task.clone()));

        after.privileged = false;
        *task.steps[0].transitions.last_mut().unwrap() = after;
        fires::<AfterTerminal>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<AfterTerminal>(&evidence);
    }
}
