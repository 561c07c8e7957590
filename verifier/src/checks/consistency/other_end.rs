use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A task of a workload that must fail came to rest in another state.
///
/// What a step's permanent failure makes of its task is what an operator is called by.
pub struct OtherEnd;

impl Check for OtherEnd {
    const CODE: Code = Code::new(516);
    const NAME: &'static str = "other-end";
    const TITLE: &'static str =
        "every task that must fail comes to rest in the state that its workload names";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let canaries = evidence.canaries.seen()?;
        let Some(end) = canaries.end.as_deref() else {
            // Those that must complete are CV502's.
            return Ok(Vec::new());
        };
        let at_rest = canaries.sent()?.iter().filter(|canary| canary.at_rest());
        let findings = at_rest.filter_map(|canary| {
            let task = canary.create.task_uuid()?;
            let state = canary.state().filter(|state| *state != end)?;
            Some(
                Finding::about(format!("task {task} in {state}"))
                    .observed(format!(
                        "the servers say that it came to rest as {state}, not {end}"
                    ))
                    .evidence(
                        "template",
                        format!("{}/{}", canary.namespace, canary.template),
                    )
                    .evidence("via", &canary.via)
                    .hint(format!("run `cluster-verify task {task}`")),
            )
        });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{accepted_by_the_project, fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn a_task_that_must_be_blocked_and_is_not_is_a_finding() {
        let mut evidence = Evidence::healthy();
        let canaries = evidence.canaries.seen_mut();
        canaries.end = Some("blocked_by_failures".into());
        let number = canaries.tasks.len();
        for reading in canaries
            .tasks
            .iter_mut()
            .flat_map(|it| &mut it.last_readings)
        {
            reading.state = Some("error".into());
        }

        let findings = fires::<OtherEnd>(&evidence);

        assert_eq!(findings.len(), number);
        assert!(
            findings[0]
                .observed
                .ends_with("came to rest as error, not blocked_by_failures")
        );

        for reading in evidence
            .canaries
            .seen_mut()
            .tasks
            .iter_mut()
            .flat_map(|it| &mut it.last_readings)
        {
            reading.state = Some("blocked_by_failures".into());
        }
        silent::<OtherEnd>(&evidence);
    }

    #[test]
    fn only_the_error_after_the_block_is_known_of_the_engine() {
        let known = |state: &str| {
            let mut evidence = Evidence::healthy();
            let canaries = evidence.canaries.seen_mut();
            canaries.end = Some("blocked_by_failures".into());
            for canary in &mut canaries.tasks {
                for reading in &mut canary.last_readings {
                    reading.state = Some(state.into());
                }
            }
            accepted_by_the_project::<OtherEnd>(&evidence)[0]
                .known
                .is_some()
        };

        assert!(known("error"));
        assert!(!known("complete"));
    }

    #[test]
    fn a_task_that_must_complete_or_still_moves_is_judged_elsewhere() {
        let mut evidence = Evidence::healthy();
        silent::<OtherEnd>(&evidence);

        let canaries = evidence.canaries.seen_mut();
        canaries.end = Some("blocked_by_failures".into());
        for canary in &mut canaries.tasks {
            canary.finished_ms = None;
        }
        silent::<OtherEnd>(&evidence);
    }

    #[test]
    fn without_canaries_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::unseen("canaries", "no database");
        unknown::<OtherEnd>(&evidence);
    }
}
