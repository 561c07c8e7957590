use chrono::{DateTime, Utc};

use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Answer, Evidence, Unseen};

/// An instance's clock and the database's differ.
///
/// Times of transitions come from both: with a skew they seem to go backwards,
/// and staleness is detected too early or too late.
pub struct ClockSkew;

const LIMIT_MS: i64 = 1000;

impl Check for ClockSkew {
    const CODE: Code = Code::new(209);
    const NAME: &'static str = "clock-skew";
    const TITLE: &'static str = "instances and database agree on the time to a second";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let database = evidence.database.seen()?;
        let mut findings = Vec::new();
        for (_, instance) in topology.instances() {
            let endpoints = evidence.endpoints.get(&instance.id).ok_or_else(|| {
                Unseen::new(
                    format!("endpoints of {}", instance.id),
                    "this run did not ask",
                )
            })?;
            // One that does not answer, or tells no time, has codes of its own.
            let Some(answer) = endpoints.health.ok() else {
                continue;
            };
            let Some(ahead) = ahead_ms(answer) else {
                continue;
            };
            let skew = ahead - database.clock_ahead_ms;
            let error = i64::try_from(answer.milliseconds / 2).unwrap_or(i64::MAX / 4)
                + database.clock_error_ms;
            if skew.abs() <= LIMIT_MS + error {
                continue;
            }
            let side = if skew > 0 { "ahead of" } else { "behind" };
            findings.push(
                Finding::about(&instance.id)
                    .observed(format!(
                        "its clock is {} ms {side} the database's",
                        skew.abs()
                    ))
                    .evidence("skew", format!("{skew} ms"))
                    .evidence("uncertainty", format!("{error} ms"))
                    .hint(format!(
                        "look for a changed clock in `cluster-verify env {} --provenance` (such as \
                         a preloaded library) and on its machine",
                        instance.id
                    )),
            );
        }
        Ok(findings)
    }
}

/// By how much the clock behind an answer was ahead of ours.
fn ahead_ms(answer: &Answer) -> Option<i64> {
    let told: DateTime<Utc> = answer.body.get("timestamp")?.as_str()?.parse().ok()?;
    Some((told - answer.at).num_milliseconds())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_timestamp(timestamp: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let answer = evidence
            .endpoints
            .get_mut("worker-rust-2")
            .unwrap()
            .health
            .seen_mut();
        answer.body = json!({ "timestamp": timestamp });
        evidence
    }

    #[test]
    fn a_clock_that_is_ahead_or_behind_is_found() {
        let findings = fires::<ClockSkew>(&with_timestamp("2026-01-02T03:04:07Z"));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["skew"], "2000 ms");

        let findings = fires::<ClockSkew>(&with_timestamp("2026-01-02T03:04:03Z"));
        assert!(findings[0].observed.contains("behind"));
    }

    #[test]
    fn a_clock_of_ours_that_is_wrong_skews_nobody() {
        let mut evidence = Evidence::healthy();
        for endpoints in evidence.endpoints.values_mut() {
            endpoints.health.seen_mut().at -= chrono::TimeDelta::seconds(100);
        }
        evidence.database.seen_mut().clock_ahead_ms = 100_000;

        silent::<ClockSkew>(&evidence);
    }

    #[test]
    fn a_slow_answer_and_one_without_a_time_prove_no_skew() {
        let mut evidence = with_timestamp("2026-01-02T03:04:07Z");
        let endpoints = evidence.endpoints.get_mut("worker-rust-2").unwrap();
        endpoints.health.seen_mut().milliseconds = 4000;
        silent::<ClockSkew>(&evidence);

        silent::<ClockSkew>(&with_timestamp("soon"));
    }

    #[test]
    fn without_the_databases_clock_or_anybody_asked_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.clear();
        unknown::<ClockSkew>(&evidence);

        evidence.database = Observed::not_looked("the database");
        unknown::<ClockSkew>(&evidence);
    }
}
