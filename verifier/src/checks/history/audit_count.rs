use super::breaches::findings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The audit of a step's results is not what its transitions say.
///
/// A trigger writes it, so a row that is missing was deleted, or the trigger was off.
pub struct AuditCount;

impl Check for AuditCount {
    const CODE: Code = Code::new(613);
    const NAME: &'static str = "audit-count";
    const TITLE: &'static str = "every result that was handed in has its row in the audit, and each step one success at most";

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
    fn a_missing_row_and_a_second_success_are_findings() {
        let mut task = task_history();
        task.steps[0].audits.clear();
        let findings = fires::<AuditCount>(&evidence_of(task));
        assert!(
            findings[0]
                .observed
                .contains("1 results handed in and 0 in the audit")
        );

        let mut task = task_history();
        let step = &mut task.steps[0];
        step.audits.push(step.audits[0].clone());
        step.transitions.insert(4, step.transitions[3].clone());
        let findings = fires::<AuditCount>(&evidence_of(task));
        assert!(findings[0].observed.contains("2 successful results"));
    }

    #[test]
    fn a_failure_and_then_a_success_are_two_rows() {
        let mut task = task_history();
        let step = &mut task.steps[0];
        let mut failure = step.audits[0].clone();
        failure.success = false;
        step.audits.insert(0, failure);
        step.transitions.insert(4, step.transitions[3].clone());

        silent::<AuditCount>(&evidence_of(task));
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<AuditCount>(&evidence);
    }
}
