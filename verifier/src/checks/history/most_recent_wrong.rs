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
    use crate::checks::testing::{fires, silent, unknown};
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
