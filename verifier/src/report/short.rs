//! One line a finding: code, subject, what was observed, what to do.

use super::{Outcome, Report};

pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        match &check.outcome {
            Outcome::Passed | Outcome::LeftOut => {}
            Outcome::Unknown { unseen } => {
                text.push_str(&format!("{} unknown: {unseen}\n", check.code));
            }
            Outcome::Found { findings } => {
                for finding in findings {
                    let known = if finding.known.is_some() {
                        " (known)"
                    } else {
                        ""
                    };
                    text.push_str(&format!(
                        "{}{known} {}: {}; {}\n",
                        check.code, finding.subject, finding.observed, finding.hint
                    ));
                }
            }
        }
    }
    text
}
