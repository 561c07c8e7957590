//! JUnit XML: a suite a family, a case a check.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{CheckResult, Outcome, Report};
use crate::check::Family;

pub fn render(report: &Report) -> String {
    let mut suites: BTreeMap<Family, Vec<&CheckResult>> = BTreeMap::new();
    for check in &report.checks {
        suites.entry(check.family).or_default().push(check);
    }
    let mut junit = quick_junit::Report::new("cluster-verify");
    for (family, checks) in suites {
        let mut suite = TestSuite::new(family.title());
        for check in checks {
            suite.add_test_case(case(check, report.strict));
        }
        junit.add_test_suite(suite);
    }
    // Serialising into memory fails on nothing but control characters, which the library removes.
    junit.to_string().unwrap_or_default()
}

fn case(check: &CheckResult, strict: bool) -> TestCase {
    let status = match &check.outcome {
        Outcome::Unknown { unseen } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(unseen.to_string());
            status
        }
        Outcome::Found { findings } if check.counts_against(strict) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let lines: Vec<String> = findings
                .iter()
                .map(|finding| {
                    format!(
                        "{}: {}; {}",
                        finding.subject, finding.observed, finding.hint
                    )
                })
                .collect();
            status.set_message(format!("{} findings", findings.len()));
            status.set_description(lines.join("\n"));
            status
        }
        Outcome::LeftOut => TestCaseStatus::skipped(),
        Outcome::Passed | Outcome::Found { .. } => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(format!("{} {}", check.code, check.title), status);
    case.set_classname(format!("cluster-verify.{}", check.name));
    if check.all_known() && !check.findings().is_empty() {
        let count: u64 = check.findings().iter().map(|finding| finding.times).sum();
        case.set_system_out(format!("{count} known findings"));
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn suites_are_families_and_cases_are_checks() {
        let text = render(&fake::report());

        assert_eq!(text, EXPECTED);
    }

    const EXPECTED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="cluster-verify" tests="6" failures="1" errors="1">
    <testsuite name="configuration" tests="2" disabled="1" errors="0" failures="0">
        <testcase name="CV101 the cluster&apos;s description parses" classname="cluster-verify.a-name">
        </testcase>
        <testcase name="CV103 no service has too many instances" classname="cluster-verify.a-name">
            <skipped/>
        </testcase>
    </testsuite>
    <testsuite name="database, queues and subscriptions" tests="2" disabled="0" errors="1" failures="1">
        <testcase name="CV308 every namespace with a template is polled" classname="cluster-verify.a-name">
            <failure message="1 findings">mail: no instance polled it in 10.0 s; compare `cluster-verify queues` with the worker&apos;s `env --provenance`</failure>
        </testcase>
        <testcase name="CV309 every worker polls its namespaces" classname="cluster-verify.a-name">
            <error message="pg_locks not seen: no answer"/>
        </testcase>
    </testsuite>
    <testsuite name="health" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="CV410 no instance is idle" classname="cluster-verify.a-name">
        </testcase>
    </testsuite>
    <testsuite name="history" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="CV607 every step is completed at most once" classname="cluster-verify.a-name">
            <system-out>3 known findings</system-out>
        </testcase>
    </testsuite>
</testsuites>
"#;
}
