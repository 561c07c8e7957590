use super::detailed::{ailing, told_by_ready};
use crate::check::{Check, Code, Finding};
use crate::checks::hint;
use crate::evidence::{Evidence, Unseen};

/// A circuit breaker of an instance is open: it refuses calls without trying them.
pub struct CircuitOpen;

impl Check for CircuitOpen {
    const CODE: Code = Code::new(404);
    const NAME: &'static str = "circuit-open";
    const TITLE: &'static str = "every circuit breaker of a ready instance is closed";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (id, told) in told_by_ready(evidence)? {
            let breakers = ailing(told)
                .filter(|(part, _, _)| matches!(*part, "circuit_breaker" | "circuit_breakers"));
            for (part, status, message) in breakers {
                findings.push(
                    Finding::about(id)
                        .observed(format!(
                            "its /health/detailed calls {part} {status}: {message}"
                        ))
                        .evidence("status", status)
                        .hint(format!(
                            "{} to see which calls failed before",
                            hint::logs(evidence, id)
                        )),
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

    fn with_breaker(part: &str, status: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.detailed.seen_mut().body["checks"][part] =
            json!({"status": status, "message": "ffi: open (9 calls, 5 failures)"});
        evidence
    }

    #[test]
    fn an_open_breaker_of_a_worker_or_a_server_is_a_finding() {
        fires::<CircuitOpen>(&with_breaker("circuit_breakers", "unhealthy"));
        fires::<CircuitOpen>(&with_breaker("circuit_breaker", "degraded"));
    }

    #[test]
    fn another_ailing_part_is_another_finding() {
        silent::<CircuitOpen>(&with_breaker("database", "unhealthy"));
    }

    #[test]
    fn an_instance_that_was_not_asked_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.remove("worker-rust-1");

        unknown::<CircuitOpen>(&evidence);
    }
}
