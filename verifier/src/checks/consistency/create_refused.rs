use crate::check::{Check, Code, Finding};
use crate::checks::duty::runs;
use crate::checks::hint;
use crate::evidence::{CreateOutcome, Evidence, Unseen};

/// A running orchestration server does not create a task that it should.
///
/// A create that failed and left a task behind all the same is another finding.
pub struct CreateRefused;

impl Check for CreateRefused {
    const CODE: Code = Code::new(501);
    const NAME: &'static str = "create-refused";
    const TITLE: &'static str = "every running orchestration server accepts every canary";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for canary in evidence.canaries.seen()?.sent()? {
            let (said, message) = match &canary.create {
                CreateOutcome::Created { .. }
                | CreateOutcome::Indeterminate {
                    task_uuid: Some(_), ..
                } => continue,
                CreateOutcome::Refused { status, message } => (
                    format!("the server answered {status} to the create"),
                    message,
                ),
                CreateOutcome::Indeterminate {
                    message,
                    task_uuid: None,
                } => (
                    "the create failed and the database has no such task".to_owned(),
                    message,
                ),
            };
            if !runs(evidence, &canary.via)? || is_silent(evidence, &canary.via) {
                continue;
            }
            let finding = Finding::about(canary)
                .observed(format!("{said}, after {} ms", canary.create_ms))
                .evidence("message", message)
                .evidence("template", &canary.template)
                .logged(canary.logged.as_deref())
                .hint(hint::logs(evidence, &canary.via));
            findings.push(match canary.turned_away.len() {
                0 => finding,
                times => finding.evidence("times too busy", times),
            });
        }
        Ok(findings)
    }
}

/// Whether the instance answers nothing at all, which has a code of its own.
fn is_silent(evidence: &Evidence, id: &str) -> bool {
    let endpoints = evidence.endpoints.get(id);
    endpoints.is_some_and(|endpoints| endpoints.health.ok().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with(create: CreateOutcome) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].create = create;
        evidence
    }

    fn lost(task_uuid: Option<String>) -> CreateOutcome {
        CreateOutcome::Indeterminate {
            message: "HTTP 500: DATABASE_ERROR".into(),
            task_uuid,
        }
    }

    #[test]
    fn a_refusal_is_a_finding_with_the_servers_words() {
        let message = "HTTP 503: BACKPRESSURE".to_owned();
        let findings = fires::<CreateRefused>(&with(CreateOutcome::Refused {
            status: 503,
            message,
        }));

        assert_eq!(findings[0].subject, "canary of mail via orchestration-1");
        assert_eq!(findings[0].evidence["message"], "HTTP 503: BACKPRESSURE");
    }

    #[test]
    fn the_reason_in_the_servers_log_is_told() {
        let mut evidence = with(lost(None));
        evidence.canaries.seen_mut().tasks[0].logged = Some("duplicate key".into());

        let findings = fires::<CreateRefused>(&evidence);

        assert_eq!(findings[0].evidence["logged"], "duplicate key");
    }

    #[test]
    fn a_server_that_stayed_too_busy_is_told_with_how_often_it_was_asked() {
        let mut evidence = with(lost(None));
        evidence.canaries.seen_mut().tasks[0].turned_away = vec!["full".into(); 7];

        let findings = fires::<CreateRefused>(&evidence);

        assert_eq!(findings[0].evidence["times too busy"], "7");
    }

    #[test]
    fn an_error_that_left_no_task_is_a_finding() {
        fires::<CreateRefused>(&with(lost(None)));
    }

    #[test]
    fn an_error_whose_task_exists_is_another_finding() {
        silent::<CreateRefused>(&with(lost(Some("t".into()))));
    }

    #[test]
    fn a_server_that_does_not_run_refuses_nothing() {
        let mut evidence = with(lost(None));
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.pid != 100);

        silent::<CreateRefused>(&evidence);
    }

    #[test]
    fn a_server_that_answers_nothing_at_all_is_another_finding() {
        let mut evidence = with(lost(None));
        evidence
            .endpoints
            .get_mut("orchestration-1")
            .unwrap()
            .health = Observed::unseen("/health", "timed out");

        silent::<CreateRefused>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks.clear();

        unknown::<CreateRefused>(&evidence);
    }
}
