use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::checks::hint;
use crate::evidence::{Canary, CreateOutcome, Evidence, Unseen};

/// One create made several tasks, or several creates were acknowledged with one id.
pub struct DuplicateTaskId;

impl Check for DuplicateTaskId {
    const CODE: Code = Code::new(508);
    const NAME: &'static str = "duplicate-task-id";
    const TITLE: &'static str = "each create made one task with an id of its own";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut by_id: BTreeMap<&str, Vec<&Canary>> = BTreeMap::new();
        let mut findings = Vec::new();
        for canary in evidence.canaries.seen()?.sent()? {
            if let CreateOutcome::Created { task_uuid } = &canary.create {
                by_id.entry(task_uuid).or_default().push(canary);
            }
            let rows = canary
                .tasks_of_correlation
                .ok_or_else(|| Unseen::new("the tasks of the canaries", "this run did not look"))?;
            if rows > 1 {
                findings.push(
                    Finding::about(canary)
                        .observed(format!("the database has {rows} tasks of its one create"))
                        .evidence("correlation id", &canary.correlation_id)
                        .hint(hint::logs(evidence, &canary.via)),
                );
            }
        }
        for (id, canaries) in by_id.into_iter().filter(|(_, canaries)| canaries.len() > 1) {
            let via: Vec<&str> = canaries.iter().map(|canary| canary.via.as_str()).collect();
            findings.push(
                Finding::about(format!("task {id}"))
                    .observed(format!(
                        "{} creates were acknowledged with its id",
                        canaries.len()
                    ))
                    .evidence("acknowledged by", via.join(", "))
                    .hint(format!("run `cluster-verify task {id}`")),
            );
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    #[test]
    fn one_id_for_two_creates_is_a_finding() {
        let mut evidence = Evidence::healthy();
        let tasks = &mut evidence.canaries.seen_mut().tasks;
        tasks[1].create = tasks[0].create.clone();

        let findings = fires::<DuplicateTaskId>(&evidence);

        assert_eq!(
            findings[0].evidence["acknowledged by"],
            "orchestration-1, orchestration-2"
        );
    }

    #[test]
    fn two_tasks_of_one_create_are_a_finding() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].tasks_of_correlation = Some(2);

        fires::<DuplicateTaskId>(&evidence);
    }

    #[test]
    fn a_create_that_made_none_is_another_finding() {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.create = CreateOutcome::Refused {
            status: 503,
            message: "BACKPRESSURE".into(),
        };
        canary.tasks_of_correlation = Some(0);

        silent::<DuplicateTaskId>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_table_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].tasks_of_correlation = None;

        unknown::<DuplicateTaskId>(&evidence);
    }
}
