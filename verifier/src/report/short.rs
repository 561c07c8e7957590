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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn each_finding_and_each_unknown_check_is_one_line() {
        assert_eq!(
            render(&fake::report()),
            "CV308 mail: no instance polled it in 10.0 s; compare `cluster-verify queues` with the worker's `env --provenance`
CV309 unknown: pg_locks not seen: no answer
CV410 worker-rust-1: did nothing; run `./dev logs worker-rust-1`
CV607 (known) task 7: completed 2 times; run `cluster-verify task 7`
"
        );
    }
}
