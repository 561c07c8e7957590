use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::topology::{MAX_INSTANCES, Selection};

/// A service has more instances than its range has ports.
pub struct TooManyInstances;

impl Check for TooManyInstances {
    const CODE: Code = Code::new(103);
    const NAME: &'static str = "too-many-instances";
    const TITLE: &'static str = "no service has more than ten instances";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let services = &evidence.topology.seen()?.services;
        Ok(services
            .iter()
            .filter(|service| service.instances.len() > usize::from(MAX_INSTANCES))
            .map(|service| {
                Finding::about(&service.name)
                    .observed(format!(
                        "{} instances in a range of {MAX_INSTANCES} ports",
                        service.instances.len()
                    ))
                    .evidence("instances", service.instances.len())
                    .evidence("first port", service.port)
                    .hint(format!(
                        "lower `instances` of {} in config/cluster.toml (or {}) to {MAX_INSTANCES} \
                         at most, then `cluster-verify render`",
                        service.name,
                        Selection::count_variable(&service.name)
                    ))
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn of_count(count: u16) -> Evidence {
        Evidence::of_topology(&Selection {
            counts: [("worker-rust".to_owned(), count)].into(),
            ..Selection::default()
        })
    }

    #[test]
    fn eleven_are_too_many() {
        let findings = fires::<TooManyInstances>(&of_count(11));

        assert_eq!(findings[0].subject, "worker-rust");
        assert!(findings[0].hint.contains("TASKER_WORKER_RUST_INSTANCES"));
    }

    #[test]
    fn ten_and_none_at_all_are_allowed() {
        silent::<TooManyInstances>(&of_count(10));
        silent::<TooManyInstances>(&of_count(0));
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<TooManyInstances>(&evidence);
    }
}
