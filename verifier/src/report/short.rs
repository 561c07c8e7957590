//! One line a finding: code, subject, what was observed, what to do.

use super::{Outcome, Report};
use crate::check::Severity;

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
                for finding in findings {
                    let kind = match check.severity {
                        Severity::Error => "",
                        Severity::Warning => " (warning)",
                        Severity::Information => " (information)",
                    };
                    let known = if finding.known.is_some() {
                        " (known)"
                    } else {
                        ""
                    };
                    let cause = finding.follows_from.as_ref().map_or(String::new(), |it| {
                        format!(" (follows from {} {})", it.code, it.subject)
                    });
                    text.push_str(&format!(
                        "{}{kind}{known}{cause} {}: {}; {}\n",
                        check.code, finding.subject, finding.observed, finding.hint
                    ));
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn each_finding_and_each_unknown_check_is_one_line() {
        insta::assert_snapshot!(render(&fake::report()));
    }
}
