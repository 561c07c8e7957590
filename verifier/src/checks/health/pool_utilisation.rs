use serde_json::Value;

use super::detailed::told_by_ready;
use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// An instance has nearly all places of a connection pool in use.
///
/// A full pool does not fail: everything waits, the health check included.
pub struct PoolUtilisation;

const LIMIT_PERCENT: f64 = 80.0;

impl Check for PoolUtilisation {
    const CODE: Code = Code::new(405);
    const NAME: &'static str = "pool-utilisation";
    const TITLE: &'static str = "no pool of a ready instance is more than 80 % in use";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (id, told) in told_by_ready(evidence)? {
            for (name, pool) in pools(told) {
                let percent = pool["utilization_percent"].as_f64().unwrap_or(0.0);
                if percent <= LIMIT_PERCENT {
                    continue;
                }
                findings.push(
                    Finding::about(id)
                        .observed(format!("it says that {percent:.0} % of its {name} are in use"))
                        .evidence("in use", &pool["active_connections"])
                        .evidence("maximum", &pool["max_connections"])
                        .hint("raise `common.database.pool.max_connections` in config/tasker/base.toml"),
                );
            }
        }
        Ok(findings)
    }
}

/// Servers and workers tell them in different places. Where the queues have no pool of their own, the engine
/// tells the one pool twice, the second time against a limit that it does not have.
fn pools(told: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let all = ["info", "system_info"]
        .into_iter()
        .filter_map(|place| told[place]["pool_utilization"].as_object());
    all.flat_map(|pools| {
        let open = |pool: &Value| {
            (
                pool["active_connections"].clone(),
                pool["idle_connections"].clone(),
            )
        };
        let main = pools.get("tasker_pool").map(open);
        pools.iter().filter(move |(name, pool)| {
            name.as_str() != "pgmq_pool" || main.as_ref() != Some(&open(pool))
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn used(id: &str, place: &str, percent: f64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut(id).unwrap();
        let pool =
            &mut endpoints.detailed.seen_mut().body[place]["pool_utilization"]["tasker_pool"];
        pool["utilization_percent"] = json!(percent);
        evidence
    }

    #[test]
    fn a_nearly_full_pool_of_a_server_or_a_worker_is_a_finding() {
        fires::<PoolUtilisation>(&used("orchestration-1", "info", 93.3));
        let findings = fires::<PoolUtilisation>(&used("worker-rust-1", "system_info", 93.3));

        assert_eq!(findings[0].evidence["maximum"], "30");
    }

    #[test]
    fn one_pool_that_is_told_twice_has_the_first_limit() {
        let mut evidence = used("orchestration-1", "info", 30.0);
        let endpoints = evidence.endpoints.get_mut("orchestration-1").unwrap();
        let pools = &mut endpoints.detailed.seen_mut().body["info"]["pool_utilization"];
        let mut again = pools["tasker_pool"].clone();
        again["utilization_percent"] = json!(90.0);
        pools["pgmq_pool"] = again.clone();
        silent::<PoolUtilisation>(&evidence);

        let endpoints = evidence.endpoints.get_mut("orchestration-1").unwrap();
        again["active_connections"] = json!(9);
        endpoints.detailed.seen_mut().body["info"]["pool_utilization"]["pgmq_pool"] = again;
        fires::<PoolUtilisation>(&evidence);
    }

    #[test]
    fn a_busy_pool_is_none() {
        silent::<PoolUtilisation>(&used("orchestration-1", "info", 80.0));
    }

    #[test]
    fn an_instance_that_was_not_asked_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.clear();

        unknown::<PoolUtilisation>(&evidence);
    }
}
