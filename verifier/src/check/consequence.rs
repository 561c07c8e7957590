//! What a known fault did to a task's end and results is no finding of its own.

use crate::report::{CheckResult, Outcome};

/// Faults of one task that change how it ends: it was given up, its attempts were used up by claims that nobody asked
/// for, nobody looked at it again, or it was completed before its steps were.
pub const CAUSES: [&str; 5] = ["CV316", "CV610", "CV618", "CV620", "CV625"];

/// Codes that tell how a task ended; their findings name it under `task`.
pub const CONSEQUENCES: [&str; 4] = ["CV502", "CV507", "CV512", "CV514"];

/// Whether there is a finding that a known cause could explain.
pub fn any(results: &[CheckResult]) -> bool {
    let mut told = results.iter().filter(|result| is_consequence(result));
    told.any(|result| result.findings().iter().any(|it| it.known.is_none()))
}

/// Marks what is told of a task as known where a finding of a cause about that task is, with its reason.
///
/// `causes` are results that the run was not asked for, and which explain all the same.
pub fn mark(results: &mut [CheckResult], causes: &[CheckResult]) {
    let causes = results.iter().chain(causes);
    let causes: Vec<(String, String)> = causes
        .filter(|result| CAUSES.contains(&result.code.as_str()))
        .flat_map(|result| result.findings().iter().map(move |it| (&result.code, it)))
        .filter_map(|(code, it)| {
            let reason = it.known.as_ref()?;
            Some((it.subject.clone(), format!("follows from {code}: {reason}")))
        })
        .collect();
    for result in results.iter_mut().filter(|result| is_consequence(result)) {
        let Outcome::Found { findings } = &mut result.outcome else {
            continue;
        };
        for finding in findings.iter_mut().filter(|it| it.known.is_none()) {
            let Some(task) = finding.evidence.get("task") else {
                continue;
            };
            let cause = causes.iter().find(|(subject, _)| subject.contains(task));
            finding.known = cause.map(|(_, reason)| reason.clone());
        }
    }
}

fn is_consequence(result: &CheckResult) -> bool {
    CONSEQUENCES.contains(&result.code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, find};

    const TASK: &str = "01990000-0000-7000-8000-00000000e000";

    fn result(code: &str, finding: Finding) -> CheckResult {
        let findings = vec![finding];
        CheckResult::new(find(code).unwrap(), Outcome::Found { findings })
    }

    fn canary(task: &str) -> CheckResult {
        let finding = Finding::about("canary of mail via orchestration-1").evidence("task", task);
        result("CV502", finding)
    }

    fn forgotten(known: Option<&str>) -> CheckResult {
        let mut finding = Finding::about(format!("task {TASK} in waiting_for_dependencies"));
        finding.known = known.map(str::to_owned);
        result("CV618", finding)
    }

    fn known(results: &[CheckResult]) -> Option<&str> {
        results[0].findings()[0].known.as_deref()
    }

    #[test]
    fn what_a_known_fault_did_to_a_task_is_known_with_its_reason() {
        let mut results = [canary(TASK), forgotten(Some("a race"))];
        assert!(any(&results));

        mark(&mut results, &[]);

        assert_eq!(known(&results), Some("follows from CV618: a race"));
        assert!(!any(&results));
    }

    #[test]
    fn a_cause_that_the_run_was_not_asked_for_explains_all_the_same() {
        let mut results = [canary(TASK)];

        mark(&mut results, &[forgotten(Some("a race"))]);

        assert_eq!(known(&results), Some("follows from CV618: a race"));
    }

    #[test]
    fn a_fault_that_is_not_known_or_of_another_task_explains_nothing() {
        let mut results = [canary(TASK), forgotten(None)];
        mark(&mut results, &[]);
        assert_eq!(known(&results), None);

        let mut results = [canary("another"), forgotten(Some("a race"))];
        mark(&mut results, &[]);
        assert_eq!(known(&results), None);
    }

    #[test]
    fn causes_and_consequences_are_checks() {
        for code in CAUSES.iter().chain(&CONSEQUENCES) {
            assert!(find(code).is_some(), "{code}");
        }
    }
}
