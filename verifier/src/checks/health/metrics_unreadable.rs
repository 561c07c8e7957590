use crate::check::{Check, Code, Finding, Severity};
use crate::checks::duty::{is_foreign, is_ready};
use crate::evidence::{Evidence, Observed, Unseen};

/// A ready instance's metrics cannot be scraped.
pub struct MetricsUnreadable;

impl Check for MetricsUnreadable {
    const CODE: Code = Code::new(409);
    const NAME: &'static str = "metrics-unreadable";
    const TITLE: &'static str = "every ready instance has metrics that Prometheus can read";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (_, instance) in evidence.topology.seen()?.instances() {
            let id = &instance.id;
            let nobody = || Unseen::new(format!("endpoints of {id}"), "this run did not ask");
            let endpoints = evidence.endpoints.get(id).ok_or_else(nobody)?;
            if !is_ready(evidence, id)? || is_foreign(evidence, instance) {
                continue;
            }
            let observed = match &endpoints.metrics {
                Observed::Seen(metrics) if metrics.status != 200 => {
                    format!("it answered {} to GET /metrics", metrics.status)
                }
                Observed::Seen(metrics) => match &metrics.problem {
                    Some(problem) => format!("GET /metrics: {problem}"),
                    None => continue,
                },
                Observed::Unseen(unseen) if !unseen.was_looked_for() => return Err(unseen.clone()),
                Observed::Unseen(unseen) => format!("no answer to GET /metrics: {}", unseen.why),
            };
            findings.push(
                Finding::about(id)
                    .observed(observed)
                    .evidence("url", format!("{}/metrics", instance.base_url()))
                    .hint(format!("run `curl {}/metrics`", instance.base_url())),
            );
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Metrics;

    fn with(metrics: Observed<Metrics>) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.get_mut("worker-rust-1").unwrap().metrics = metrics;
        evidence
    }

    fn answer(status: u16, samples: u64, problem: Option<&str>) -> Observed<Metrics> {
        Observed::Seen(Metrics {
            status,
            samples,
            problem: problem.map(str::to_owned),
        })
    }

    #[test]
    fn an_error_garbage_and_silence_are_findings() {
        fires::<MetricsUnreadable>(&with(answer(404, 0, None)));
        fires::<MetricsUnreadable>(&with(answer(200, 0, Some("its text is not Prometheus's"))));
        fires::<MetricsUnreadable>(&with(Observed::unseen("/metrics", "timed out")));
    }

    #[test]
    fn no_samples_yet_are_none() {
        silent::<MetricsUnreadable>(&with(answer(200, 0, None)));
    }

    #[test]
    fn an_instance_that_is_not_ready_is_another_finding() {
        let mut evidence = with(Observed::unseen("/metrics", "connection refused"));
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.ready = Observed::unseen("/health/ready", "connection refused");

        silent::<MetricsUnreadable>(&evidence);
    }

    #[test]
    fn an_instance_that_was_not_asked_is_unknown() {
        unknown::<MetricsUnreadable>(&with(Observed::not_looked("/metrics")));
    }
}
