//! One line a finding: code, subject, what was observed, what to do. What is known is one line for each reason.

use std::collections::BTreeMap;

use super::{CheckResult, Outcome, Report};
use crate::check::{Finding, Severity};

pub fn render(report: &Report) -> String {
    let mut text = String::new();
    if report.counts.judged() == 0 && report.counts.left_out > 0 {
        text.push_str("unknown: nothing was judged, the run was asked not to look\n");
    }
    for check in &report.checks {
        match &check.outcome {
            Outcome::Passed | Outcome::LeftOut => {}
            Outcome::Unknown { unseen } => {
                text.push_str(&format!("{} unknown: {unseen}\n", check.code));
            }
            Outcome::Found { findings } => {
                let mut known: BTreeMap<&str, u64> = BTreeMap::new();
                for finding in findings {
                    match finding.known.as_deref().filter(|_| !report.strict) {
                        Some(reason) => *known.entry(reason).or_default() += finding.times,
                        None => text.push_str(&line(check, finding)),
                    }
                }
                for (reason, times) in known {
                    text.push_str(&format!("{} known: {times} times, {reason}\n", check.code));
                }
            }
        }
    }
    text
}

fn line(check: &CheckResult, finding: &Finding) -> String {
    let kind = match check.severity {
        Severity::Error => "",
        Severity::Warning => " (warning)",
        Severity::Information => " (information)",
    };
    let known = match finding.known {
        Some(_) => " (known)",
        None => "",
    };
    let cause = finding.follows_from.as_ref().map_or(String::new(), |it| {
        format!(" (follows from {} {})", it.code, it.subject)
    });
    format!(
        "{}{kind}{known}{cause} {}: {}; {}\n",
        check.code, finding.subject, finding.observed, finding.hint
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn each_finding_and_each_unknown_check_is_one_line_and_what_is_known_one_for_its_reason() {
        insta::assert_snapshot!(render(&fake::report()));
    }

    #[test]
    fn strict_gives_each_known_finding_its_line() {
        let text = render(&fake::strict());

        assert!(
            text.contains(
                "\nCV607 (known) task 7: completed 2 times; run `cluster-verify task 7`\n"
            ),
            "{text}"
        );
        assert!(!text.contains(" known: "), "{text}");
    }
}
