use crate::check::{Check, Code, Finding};
use crate::checks::configuration::connections_of;
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};

/// An instance has more sessions than its pools may open, or the server few left.
///
/// A pool keeps to its maximum, so there are more pools than the configuration
/// speaks of: a second process under the instance's name, or connections that leak.
pub struct PoolOverMaximum;

/// Listeners hold sessions beside the pools: one for the queues, one for readiness.
const BESIDE_THE_POOLS: u64 = 3;
const NEARLY_FULL: f64 = 0.8;

impl Check for PoolOverMaximum {
    const CODE: Code = Code::new(317);
    const NAME: &'static str = "pool-over-maximum";
    const TITLE: &'static str =
        "no instance has more sessions than its pools, and the server has room";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let mut findings = Vec::new();
        for (instance, maximum) in connections_of(evidence)? {
            let id = &instance.id;
            let own = database
                .sessions
                .iter()
                .filter(|session| session.application == *id);
            let (own, most) = (own.count() as u64, maximum + BESIDE_THE_POOLS);
            if own > most {
                findings.push(
                    Finding::about(id)
                        .observed(format!("pg_stat_activity has {own} sessions of it"))
                        .evidence("its pools' maximum", maximum)
                        .hint("run `cluster-verify check --only 205,206` to look for a second process"),
                );
            }
        }
        let (used, granted) = (database.sessions.len(), database.max_connections);
        if used as f64 > NEARLY_FULL * f64::from(granted) {
            findings.push(
                Finding::about("max_connections")
                    .observed(format!(
                        "pg_stat_activity has {used} sessions of the {granted} granted"
                    ))
                    .hint(hint::sql(
                        evidence,
                        Database::Tasks,
                        "SELECT application_name, count(*) FROM pg_stat_activity GROUP BY 1",
                    )),
            );
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// Worker 1 has so many sessions.
    fn with_sessions(count: usize) -> Evidence {
        let mut evidence = Evidence::healthy();
        let database = evidence.database.seen_mut();
        let session = database
            .sessions
            .iter()
            .find(|session| session.application == "worker-rust-1")
            .unwrap()
            .clone();
        database
            .sessions
            .retain(|session| session.application != "worker-rust-1");
        database
            .sessions
            .extend(std::iter::repeat_n(session, count));
        evidence
    }

    #[test]
    fn more_sessions_than_the_pools_have_places_are_a_finding() {
        // Thirty in the pool, and a few beside it.
        let findings = fires::<PoolOverMaximum>(&with_sessions(34));

        assert_eq!(findings[0].subject, "worker-rust-1");
        assert_eq!(findings[0].evidence["its pools' maximum"], "30");
    }

    #[test]
    fn a_full_pool_with_its_listeners_is_none() {
        silent::<PoolOverMaximum>(&with_sessions(33));
    }

    #[test]
    fn a_server_with_little_room_is_a_finding() {
        let mut evidence = with_sessions(30);
        evidence.database.seen_mut().max_connections = 40;

        let findings = fires::<PoolOverMaximum>(&evidence);

        assert_eq!(findings[0].subject, "max_connections");
    }

    #[test]
    fn without_the_database_the_sessions_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<PoolOverMaximum>(&evidence);
    }
}
