use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The state that the engine reads is not the one that was written last.
///
/// All of the engine's queries read the marked transition and none the last.
pub struct MostRecentWrong;

impl Check for MostRecentWrong {
    const CODE: Code = Code::new(606);
    const NAME: &'static str = "most-recent-wrong";
    const TITLE: &'static str = "exactly the last transition is marked as the most recent";

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
    fn no_mark_another_mark_and_two_marks_are_findings() {
        for marks in [[false, false], [true, false], [true, true]] {
            let mut task = task_history();
            let transitions = &mut task.steps[0].transitions;
            (transitions[3].most_recent, transitions[4].most_recent) = (marks[0], marks[1]);

            fires::<MostRecentWrong>(&evidence_of(task));
        }
    }

    #[test]
    fn of_the_engine_it_is_known_that_a_writer_is_late_and_not_that_a_mark_is_wrong() {
        let marked_at = |sort_key| {
            let mut task = task_history();
            let transitions = &mut task.steps[0].transitions;
            let mut again = transitions[4].clone();
            again.sort_key = sort_key;
            again.most_recent = true;
            transitions[4].most_recent = false;
            transitions.insert(4, again);
            let mut last = transitions[5].clone();
            last.sort_key = 6;
            transitions.push(last);
            evidence_of(task)
        };

        // Numbers 1 2 3 4 5 5 6: one of the fives was written last, and is marked.
        let late = accepted_by_the_project::<MostRecentWrong>(&marked_at(5));
        let kind = |it: &Finding| it.subject.split_once(", ").map(|(_, kind)| kind.to_owned());
        assert_eq!(late.len(), 1);
        assert_eq!(kind(&late[0]).as_deref(), Some("late writer"));
        assert!(late[0].known.is_some());

        let mut wrong = task_history();
        let transitions = &mut wrong.steps[0].transitions;
        (transitions[3].most_recent, transitions[4].most_recent) = (true, false);
        let wrong = accepted_by_the_project::<MostRecentWrong>(&evidence_of(wrong));
        assert_eq!(kind(&wrong[0]).as_deref(), Some("wrong mark"));
        assert!(wrong[0].known.is_none());
    }

    #[test]
    fn of_two_with_the_last_number_either_may_be_marked() {
        let mut task = task_history();
        let transitions = &mut task.steps[0].transitions;
        transitions[3].sort_key = 5;
        (transitions[3].most_recent, transitions[4].most_recent) = (true, false);

        silent::<MostRecentWrong>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<MostRecentWrong>(&evidence);
    }
}
