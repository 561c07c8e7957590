use crate::check::{Check, Code, Finding, Severity};
use crate::checks::hint;
use crate::evidence::{Answer, Evidence, InstanceEndpoints, Observed, Unseen};

/// An instance takes longer than a second to say how it is.
///
/// A probe with a short timeout will soon restart it, and then it is worse.
pub struct HealthSlow;

const LIMIT_MS: u64 = 1000;

impl Check for HealthSlow {
    const CODE: Code = Code::new(407);
    const NAME: &'static str = "health-slow";
    const TITLE: &'static str = "every instance that answers says within a second how it is";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (_, instance) in evidence.topology.seen()?.instances() {
            let id = &instance.id;
            let nobody = || Unseen::new(format!("endpoints of {id}"), "this run did not ask");
            let endpoints = evidence.endpoints.get(id).ok_or_else(nobody)?;
            let slow: Vec<String> = looks(endpoints)
                .into_iter()
                .filter_map(|(path, look)| Some((path, look.ok()?.milliseconds)))
                .filter(|(_, milliseconds)| *milliseconds > LIMIT_MS)
                .map(|(path, milliseconds)| format!("{path} in {milliseconds} ms"))
                .collect();
            if !slow.is_empty() {
                findings.push(
                    Finding::about(id)
                        .observed(format!("it answered {}", slow.join(", ")))
                        .evidence("limit in ms", LIMIT_MS)
                        .hint(format!(
                            "{} to see what it was busy with",
                            hint::logs(evidence, id)
                        )),
                );
            }
        }
        Ok(findings)
    }
}

fn looks(endpoints: &InstanceEndpoints) -> [(&'static str, &Observed<Answer>); 3] {
    [
        ("/health", &endpoints.health),
        ("/health/ready", &endpoints.ready),
        ("/health/detailed", &endpoints.detailed),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn taking(milliseconds: u64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.ready.seen_mut().milliseconds = milliseconds;
        evidence
    }

    #[test]
    fn an_answer_after_more_than_a_second_is_a_finding() {
        let findings = fires::<HealthSlow>(&taking(1001));

        assert_eq!(findings[0].observed, "it answered /health/ready in 1001 ms");
    }

    #[test]
    fn an_answer_within_a_second_is_none_and_no_answer_is_another() {
        silent::<HealthSlow>(&taking(1000));
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.health = Observed::unseen("/health", "timed out");
        silent::<HealthSlow>(&evidence);
    }

    #[test]
    fn an_instance_that_was_not_asked_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.clear();

        unknown::<HealthSlow>(&evidence);
    }
}
