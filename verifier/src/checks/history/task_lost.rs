use crate::check::{Check, Code, Finding};
use crate::evidence::{CreateOutcome, Evidence, Unseen};

/// A server acknowledged a task that the database does not have.
pub struct TaskLost;

impl Check for TaskLost {
    const CODE: Code = Code::new(619);
    const NAME: &'static str = "task-lost";
    const TITLE: &'static str = "every task that a server acknowledged is in the database";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for canary in evidence.canaries.seen()?.sent()? {
            let CreateOutcome::Created { task_uuid } = &canary.create else {
                continue;
            };
            let exists = canary
                .in_database
                .ok_or_else(|| Unseen::new("the rows of the canaries", "this run did not look"))?;
            if !exists {
                findings.push(
                    Finding::about(canary)
                        .observed(format!(
                            "{} acknowledged it, and the tasks table has no such row",
                            canary.via
                        ))
                        .evidence("task", task_uuid)
                        .evidence("correlation id", &canary.correlation_id)
                        .hint(format!(
                            "run `cluster-verify env {} --provenance`: it may use another database",
                            canary.via
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

    fn first(evidence: &mut Evidence) -> &mut crate::evidence::Canary {
        &mut evidence.canaries.seen_mut().tasks[0]
    }

    #[test]
    fn an_acknowledged_task_without_a_row_is_a_finding() {
        let mut evidence = Evidence::healthy();
        first(&mut evidence).in_database = Some(false);

        let findings = fires::<TaskLost>(&evidence);

        assert_eq!(findings[0].subject, "canary of mail via orchestration-1");
    }

    #[test]
    fn a_task_that_was_refused_need_not_be_there() {
        let mut evidence = Evidence::healthy();
        let canary = first(&mut evidence);
        canary.in_database = None;
        canary.create = CreateOutcome::Refused {
            status: 503,
            message: "BACKPRESSURE".into(),
        };

        silent::<TaskLost>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_table_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        first(&mut evidence).in_database = None;

        unknown::<TaskLost>(&evidence);
    }
}
