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
