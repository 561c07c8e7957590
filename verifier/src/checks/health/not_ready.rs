use serde_json::Value;

use crate::check::{Check, Code, Finding};
use crate::checks::duty::is_foreign;
use crate::checks::hint;
use crate::evidence::{Evidence, Observed, Unseen};

/// An instance answers, and says of itself that it cannot work.
pub struct NotReady;

impl Check for NotReady {
    const CODE: Code = Code::new(402);
    const NAME: &'static str = "not-ready";
    const TITLE: &'static str = "every instance that answers says that it is ready";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (_, instance) in evidence.topology.seen()?.instances() {
            let id = &instance.id;
            let nobody = || Unseen::new(format!("endpoints of {id}"), "this run did not ask");
            let endpoints = evidence.endpoints.get(id).ok_or_else(nobody)?;
            if matches!(&endpoints.health, Observed::Unseen(unseen) if unseen.was_looked_for())
                || is_foreign(evidence, instance)
            {
                continue;
            }
            let finding = match &endpoints.ready {
                Observed::Seen(answer) if answer.status == 200 => continue,
                Observed::Seen(answer) => Finding::about(id)
                    .observed(format!("its /health/ready answered {}", answer.status))
                    .evidence("failing", failing(&answer.body)),
                Observed::Unseen(unseen) if !unseen.was_looked_for() => return Err(unseen.clone()),
                Observed::Unseen(unseen) => Finding::about(id)
                    .observed(format!("its /health/ready did not answer: {}", unseen.why)),
            };
            findings.push(finding.hint(hint::logs(evidence, id)));
        }
        // Without the database no instance is ready, and that has a code of its own.
        if let (false, Observed::Unseen(unseen)) = (findings.is_empty(), &evidence.database)
            && unseen.was_looked_for()
        {
            let why = "the database is unreachable, see CV301";
            return Err(Unseen::new("the instances' own readiness", why));
        }
        Ok(findings)
    }
}

/// The parts that call themselves other than healthy, as `database: connection refused`.
fn failing(body: &Value) -> String {
    let parts = body.get("checks").and_then(Value::as_object);
    let said: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|(_, part)| {
            part["status"]
                .as_str()
                .is_some_and(|status| status != "healthy")
        })
        .map(
            |(name, part)| match part["message"].as_str().or(part["status"].as_str()) {
                Some(message) => format!("{name}: {message}"),
                None => name.clone(),
            },
        )
        .collect();
    if said.is_empty() {
        "it does not say what".to_owned()
    } else {
        said.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Answer;

    fn not_ready() -> Evidence {
        let mut evidence = Evidence::healthy();
        let body = json!({"checks": {
            "database": {"status": "unhealthy", "message": "pool timed out"},
            "queue_processing": {"status": "healthy"},
        }});
        let answer = Answer {
            at: evidence.taken_at,
            status: 503,
            milliseconds: 2,
            body,
        };
        evidence.endpoints.get_mut("worker-rust-1").unwrap().ready = Observed::Seen(answer);
        evidence
    }

    #[test]
    fn an_instance_that_says_503_is_a_finding_that_names_what_fails() {
        let findings = fires::<NotReady>(&not_ready());

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["failing"], "database: pool timed out");
    }

    #[test]
    fn a_readiness_that_hangs_while_health_answers_is_a_finding() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.get_mut("orchestration-1").unwrap().ready =
            Observed::unseen("/health/ready", "timed out after 2 s");

        fires::<NotReady>(&evidence);
    }

    #[test]
    fn an_instance_that_does_not_answer_at_all_is_another_finding() {
        let mut evidence = not_ready();
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.health = Observed::unseen("/health", "connection refused");

        silent::<NotReady>(&evidence);
    }

    #[test]
    fn a_stranger_on_the_port_does_not_speak_for_the_instance() {
        let mut evidence = not_ready();
        let listeners = &mut evidence.system.seen_mut().listeners;
        listeners
            .iter_mut()
            .find(|listener| listener.port == 8100)
            .unwrap()
            .pid = 9999;

        silent::<NotReady>(&evidence);
    }

    #[test]
    fn while_the_database_is_down_readiness_is_not_judged() {
        let mut evidence = not_ready();
        evidence.database = Observed::unseen("the database", "connection refused");

        unknown::<NotReady>(&evidence);
    }

    #[test]
    fn a_run_that_did_not_ask_knows_nothing() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.get_mut("worker-rust-1").unwrap().ready = Observed::not_looked("/ready");

        unknown::<NotReady>(&evidence);
    }
}
