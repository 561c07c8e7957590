use super::detailed::{ailing, told_by_ready};
use crate::check::{Check, Code, Finding};
use crate::checks::hint;
use crate::evidence::{Evidence, Unseen};

/// A ready instance says that one of its parts is not well.
///
/// Pools and circuit breakers have codes of their own. The engine's count of failed
/// steps is no matter of its health: a handler may fail for good reason.
pub struct ComponentDegraded;

const ELSEWHERE: [&str; 4] = [
    "pool_utilization",
    "circuit_breaker",
    "circuit_breakers",
    "step_processing",
];

impl Check for ComponentDegraded {
    const CODE: Code = Code::new(403);
    const NAME: &'static str = "component-degraded";
    const TITLE: &'static str = "every ready instance says that its parts are well";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (id, told) in told_by_ready(evidence)? {
            for (part, status, message) in ailing(told) {
                if ELSEWHERE.contains(&part) {
                    continue;
                }
                findings.push(
                    Finding::about(id)
                        .observed(format!(
                            "its /health/detailed calls {part} {status}: {message}"
                        ))
                        .evidence("part", part)
                        .evidence("status", status)
                        .hint(hint::logs(evidence, id)),
                );
            }
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_part(part: &str, status: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("orchestration-1").unwrap();
        endpoints.detailed.seen_mut().body["checks"][part] =
            json!({"status": status, "message": "saturated"});
        evidence
    }

    #[test]
    fn a_degraded_and_an_unhealthy_part_are_findings() {
        let findings = fires::<ComponentDegraded>(&with_part("channel_saturation", "degraded"));
        assert_eq!(findings[0].evidence["part"], "channel_saturation");

        fires::<ComponentDegraded>(&with_part("command_processor", "unhealthy"));
    }

    #[test]
    fn a_part_that_was_not_evaluated_and_those_with_codes_of_their_own_are_none() {
        silent::<ComponentDegraded>(&with_part("channel_saturation", "unknown"));
        silent::<ComponentDegraded>(&with_part("pool_utilization", "degraded"));
        silent::<ComponentDegraded>(&with_part("step_processing", "unhealthy"));
    }

    #[test]
    fn an_instance_that_is_not_ready_is_another_finding() {
        let mut evidence = with_part("command_processor", "unhealthy");
        let endpoints = evidence.endpoints.get_mut("orchestration-1").unwrap();
        endpoints.ready.seen_mut().status = 503;

        silent::<ComponentDegraded>(&evidence);
    }

    #[test]
    fn garbage_in_place_of_an_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("orchestration-1").unwrap();
        endpoints.detailed.seen_mut().body = json!(null);
        unknown::<ComponentDegraded>(&evidence);

        let endpoints = evidence.endpoints.get_mut("orchestration-1").unwrap();
        endpoints.detailed = Observed::unseen("/health/detailed", "timed out");
        unknown::<ComponentDegraded>(&evidence);
    }
}
