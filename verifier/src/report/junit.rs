//! JUnit XML: a suite a family, a case a check.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::{CheckResult, Outcome, Report};
use crate::check::{Family, Finding};

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

/// CI readers show failures, errors and skipped cases with their message, and of a plain success nothing:
/// what does not count and must yet be seen is therefore a skipped case.
fn case(check: &CheckResult, strict: bool) -> TestCase {
    let (status, outcome) = match &check.outcome {
        Outcome::Passed => (TestCaseStatus::success(), "passed"),
        Outcome::LeftOut => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("left out: the run was asked not to look");
            (status, "left_out")
        }
        Outcome::Unknown { unseen } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(format!("unknown: {unseen}"));
            (status, "unknown")
        }
        Outcome::Found { findings } if check.counts_against(strict) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            // What is accepted is told beside it, and is no failure.
            let (counting, known) = counting(findings, strict);
            status.set_message(match total(&known) {
                0 => amount(total(&counting), "finding"),
                more => format!("{}, {more} known", amount(total(&counting), "finding")),
            });
            status.set_type(check.name.clone());
            status.set_description(lines(&counting));
            (status, "failed")
        }
        Outcome::Found { findings } => {
            let kind = if check.all_known() {
                "known"
            } else {
                "warning"
            };
            let mut status = TestCaseStatus::skipped();
            let first = findings
                .first()
                .map(|it| it.known.as_ref().unwrap_or(&it.observed));
            let told = first.map_or(String::new(), |first| format!(": {first}"));
            let all: Vec<&Finding> = findings.iter().collect();
            status.set_message(format!("{}{told}", amount(total(&all), kind)));
            (status, kind)
        }
    };
    let mut case = TestCase::new(format!("{} {}", check.code, check.title), status);
    case.set_classname(format!("cluster-verify.{}", check.name));
    case.add_property(Property::new("code", &check.code));
    case.add_property(Property::new("outcome", outcome));
    let aside: Vec<&Finding> = match outcome {
        "known" | "warning" => check.findings().iter().collect(),
        "failed" => counting(check.findings(), strict).1,
        _ => Vec::new(),
    };
    if !aside.is_empty() {
        case.set_system_out(lines(&aside));
    }
    case
}

/// The findings that count, and those that are accepted.
fn counting(findings: &[Finding], strict: bool) -> (Vec<&Finding>, Vec<&Finding>) {
    findings
        .iter()
        .partition(|finding| strict || finding.known.is_none())
}

fn total(findings: &[&Finding]) -> u64 {
    findings.iter().map(|finding| finding.times).sum()
}

/// `1 finding`, `3 findings`; `3 known`.
fn amount(number: u64, noun: &str) -> String {
    let plural = if number == 1 || noun == "known" {
        ""
    } else {
        "s"
    };
    format!("{number} {noun}{plural}")
}

fn lines(findings: &[&Finding]) -> String {
    let line = |finding: &&Finding| {
        let cause = finding.follows_from.as_ref().map_or(String::new(), |it| {
            format!(" (follows from {} {})", it.code, it.subject)
        });
        format!(
            "{}: {}{cause}; {}",
            finding.subject, finding.observed, finding.hint
        )
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn suites_are_families_and_cases_are_checks() {
        insta::assert_snapshot!(render(&fake::report()));
    }

    #[test]
    fn what_is_known_counts_when_it_is_asked_for() {
        let text = render(&fake::strict());

        assert!(text.contains("failures=\"3\""), "{text}");
        assert!(!text.contains("3 known"), "{text}");
    }

    #[test]
    fn beside_what_counts_the_known_is_told_and_no_failure() {
        let mut report = fake::report();
        let known = report.checks[6].findings()[0].clone();
        let Outcome::Found { findings } = &mut report.checks[2].outcome else {
            panic!()
        };
        findings.push(known);

        let text = render(&report);

        assert!(
            text.contains("<failure message=\"1 finding, 3 known\""),
            "{text}"
        );
        let told = "<system-out>task 7: completed 2 times;";
        assert_eq!(text.matches(told).count(), 2, "{text}");
        report.strict = true;
        let text = render(&report);
        assert!(text.contains("<failure message=\"4 findings\""), "{text}");
    }

    #[test]
    fn nothing_but_a_passed_check_is_a_plain_success() {
        let text = render(&fake::report());
        let cases = text.split("<testcase ").skip(1);
        let plain: Vec<&str> = cases
            .filter(|case| {
                !["<failure", "<error", "<skipped"]
                    .iter()
                    .any(|it| case.contains(it))
            })
            .collect();

        assert_eq!(plain.len(), 1, "{plain:#?}");
        assert!(plain[0].contains("CV101"));
    }
}
