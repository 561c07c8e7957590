use crate::check::{Check, Code, Finding};
use crate::evidence::{CreateOutcome, Evidence, Unseen};

/// A task that one server acknowledged is not readable through another right after.
///
/// All servers share one database, so there is no moment at which that would be excusable.
pub struct ReadAfterWrite;

impl Check for ReadAfterWrite {
    const CODE: Code = Code::new(505);
    const NAME: &'static str = "read-after-write";
    const TITLE: &'static str =
        "a created canary is at once readable through every server that answers";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for canary in evidence.canaries.seen()?.sent()? {
            let CreateOutcome::Created { task_uuid } = &canary.create else {
                continue;
            };
            for reading in &canary.first_readings {
                // 0 is a server that did not answer, which has a code of its own.
                if matches!(reading.status, 0 | 200) {
                    continue;
                }
                findings.push(
                    Finding::about(canary)
                        .observed(format!(
                            "{} answered {} to the first GET after the create",
                            reading.via, reading.status
                        ))
                        .evidence("task", task_uuid)
                        .evidence("asked", &reading.via)
                        .hint(format!(
                            "run `cluster-verify env {} --provenance`: it may use another database",
                            reading.via
                        )),
                );
            }
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_status(status: u16) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].first_readings[1].status = status;
        evidence
    }

    #[test]
    fn a_server_that_does_not_find_the_new_task_is_a_finding() {
        let findings = fires::<ReadAfterWrite>(&with_status(404));

        assert_eq!(findings[0].evidence["asked"], "orchestration-2");
    }

    #[test]
    fn a_server_that_fails_to_read_it_is_a_finding() {
        fires::<ReadAfterWrite>(&with_status(500));
    }

    #[test]
    fn a_server_that_does_not_answer_is_another_finding() {
        silent::<ReadAfterWrite>(&with_status(0));
    }

    #[test]
    fn a_create_that_was_not_acknowledged_promises_nothing() {
        let mut evidence = with_status(404);
        evidence.canaries.seen_mut().tasks[0].create = CreateOutcome::Indeterminate {
            message: "timed out".into(),
            task_uuid: Some("t".into()),
        };

        silent::<ReadAfterWrite>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<ReadAfterWrite>(&evidence);
    }
}
