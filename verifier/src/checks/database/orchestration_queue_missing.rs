use std::collections::{BTreeMap, BTreeSet};

use super::orchestration_queues::queues_of;
use crate::check::{Check, Code, Finding};
use crate::checks::duty::is_ready;
use crate::evidence::{Evidence, Unseen};
use crate::topology::Role;

/// A server that says it is ready has a queue in its configuration that does not exist.
///
/// Workers hand in results there: they fail to, and the steps stay in progress.
pub struct OrchestrationQueueMissing;

impl Check for OrchestrationQueueMissing {
    const CODE: Code = Code::new(306);
    const NAME: &'static str = "orchestration-queue-missing";
    const TITLE: &'static str = "every queue of a ready server exists";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        if database.pgmq.is_none() {
            return Ok(Vec::new());
        }
        let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, server) in evidence.topology.seen()?.with_role(Role::Orchestration) {
            if !is_ready(evidence, &server.id)? {
                continue;
            }
            for queue in queues_of(evidence, server)? {
                if database.queue(queue).is_none() {
                    missing.entry(queue).or_default().insert(&server.id);
                }
            }
        }
        let findings = missing.into_iter().map(|(queue, servers)| {
            let servers: Vec<&str> = servers.into_iter().collect();
            Finding::about(format!("queue {queue}"))
                .observed("pgmq.meta does not have it, though servers run that create it at boot")
                .evidence("servers", servers.join(", "))
                .hint(format!(
                    "run `process-compose process restart {}`",
                    servers[0]
                ))
        });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn without_results() -> Evidence {
        let mut evidence = Evidence::healthy();
        let queues = &mut evidence.database.seen_mut().queues;
        queues.retain(|queue| queue.name != "orchestration_step_results");
        evidence
    }

    #[test]
    fn a_queue_that_a_ready_server_needs_is_a_finding() {
        let findings = fires::<OrchestrationQueueMissing>(&without_results());

        assert_eq!(findings[0].subject, "queue orchestration_step_results");
        assert_eq!(
            findings[0].evidence["servers"],
            "orchestration-1, orchestration-2"
        );
    }

    #[test]
    fn a_server_that_boots_has_not_created_it_yet() {
        let mut evidence = without_results();
        for endpoints in evidence.endpoints.values_mut() {
            endpoints.ready.seen_mut().status = 503;
        }

        silent::<OrchestrationQueueMissing>(&evidence);
    }

    #[test]
    fn several_queues_may_be_one() {
        let mut evidence = Evidence::healthy();
        for file in evidence.configuration.engine_files.values_mut() {
            let key = "common.queues.orchestration_queues.task_requests".to_owned();
            file.settings
                .insert(key, "orchestration_step_results".into());
        }
        let queues = &mut evidence.database.seen_mut().queues;
        queues.retain(|queue| queue.name != "orchestration_task_requests");

        silent::<OrchestrationQueueMissing>(&evidence);
    }

    #[test]
    fn without_the_configuration_the_names_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();

        unknown::<OrchestrationQueueMissing>(&evidence);
    }
}
