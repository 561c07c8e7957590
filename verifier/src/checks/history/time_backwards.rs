use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A transition is older than the one before it: the database's clock was set back.
///
/// Timeouts, backoffs and staleness all reckon with these times.
pub struct TimeBackwards;

impl Check for TimeBackwards {
    const CODE: Code = Code::new(623);
    const NAME: &'static str = "time-backwards";
    const TITLE: &'static str = "no transition is older than the one before it";

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
    fn a_transition_that_is_seconds_older_is_a_finding() {
        let mut task = task_history();
        task.transitions[4].at -= chrono::TimeDelta::seconds(5);

        let findings = fires::<TimeBackwards>(&evidence_of(task));

        assert!(findings[0].observed.contains("transition 5 after it"));
    }

    #[test]
    fn transactions_that_overlapped_may_be_out_of_order_a_little() {
        let mut task = task_history();
        task.transitions[4].at -= chrono::TimeDelta::milliseconds(500);

        silent::<TimeBackwards>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<TimeBackwards>(&evidence);
    }
}
