use crate::check::{Check, Code, Finding};
use crate::checks::hint::{self, Database};
use crate::evidence::{CreateOutcome, Evidence, Unseen};

/// The same task, asked of all servers at once, was created more than once.
///
/// A client that is not answered in time asks again, and through a load balancer
/// it asks another server: only the task's identity keeps the work from being done twice.
pub struct CreateNotIdempotent;

impl Check for CreateNotIdempotent {
    const CODE: Code = Code::new(511);
    const NAME: &'static str = "create-not-idempotent";
    const TITLE: &'static str = "the same task asked of all servers at once is created once";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let twins = evidence.canaries.seen()?.twins.as_ref();
        let twins = twins.ok_or_else(|| Unseen::new("twins", "this run did not send any"))?;
        let acknowledged = twins
            .answers
            .iter()
            .filter(|(_, answer)| matches!(answer, CreateOutcome::Created { .. }));
        let acknowledged = acknowledged.count();
        if twins.tasks <= 1 && acknowledged <= 1 {
            return Ok(Vec::new());
        }
        let mut finding = Finding::about(format!("twins of {}", twins.namespace))
            .observed(format!(
                "{acknowledged} of {} servers acknowledged the same task, and the database has {}",
                twins.answers.len(),
                twins.tasks
            ))
            .evidence("template", &twins.template)
            .evidence("correlation id", &twins.correlation_id)
            .hint(hint::sql(
                evidence,
                Database::Tasks,
                &format!(
                    "SELECT task_uuid, identity_hash FROM tasker.tasks WHERE correlation_id = '{}'",
                    twins.correlation_id
                ),
            ));
        for (via, answer) in &twins.answers {
            finding = finding.evidence(via, words(answer));
        }
        Ok(vec![finding])
    }
}

fn words(answer: &CreateOutcome) -> String {
    match answer {
        CreateOutcome::Created { task_uuid } => format!("created {task_uuid}"),
        CreateOutcome::Refused { status, .. } => format!("refused with {status}"),
        CreateOutcome::Indeterminate { message, .. } => format!("failed: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn twins(evidence: &mut Evidence) -> &mut crate::evidence::Twins {
        evidence.canaries.seen_mut().twins.as_mut().unwrap()
    }

    #[test]
    fn two_acknowledgements_or_two_rows_are_a_finding() {
        let mut evidence = Evidence::healthy();
        let all = twins(&mut evidence);
        all.answers[1].1 = CreateOutcome::Created {
            task_uuid: "another".into(),
        };
        let findings = fires::<CreateNotIdempotent>(&evidence);
        assert_eq!(findings[0].evidence["orchestration-2"], "created another");

        let mut evidence = Evidence::healthy();
        twins(&mut evidence).tasks = 2;
        fires::<CreateNotIdempotent>(&evidence);
    }

    #[test]
    fn a_server_that_is_busy_creates_none_and_that_is_no_fault_here() {
        let mut evidence = Evidence::healthy();
        let all = twins(&mut evidence);
        all.tasks = 0;
        for (_, answer) in &mut all.answers {
            *answer = CreateOutcome::Refused {
                status: 503,
                message: "BACKPRESSURE".into(),
            };
        }

        silent::<CreateNotIdempotent>(&evidence);
    }

    #[test]
    fn a_run_that_did_not_try_knows_nothing() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().twins = None;

        unknown::<CreateNotIdempotent>(&evidence);
    }
}
