use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::checks::duty::{duties, runs};
use crate::evidence::{Evidence, Unseen};

/// A running worker has templates of a namespace whose queue does not exist.
///
/// Workers create their queues when they boot. Where the extension is absent,
/// where no worker runs, or where every one was led to other templates, the
/// cause has a code of its own.
pub struct NamespaceQueueMissing;

impl Check for NamespaceQueueMissing {
    const CODE: Code = Code::new(307);
    const NAME: &'static str = "namespace-queue-missing";
    const TITLE: &'static str =
        "every namespace that a running worker has templates of has its queue";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        if database.pgmq.is_none() {
            return Ok(Vec::new());
        }
        let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for duty in duties(evidence)? {
            let created = runs(evidence, &duty.instance.id)?
                && duty.misdirection(evidence.system.ok()).is_none();
            for &namespace in duty.namespaces.iter().filter(|_| created) {
                owners.entry(namespace).or_default().push(&duty.instance.id);
            }
        }
        let findings = owners
            .into_iter()
            .filter(|(namespace, _)| !database.has_queue_of(namespace))
            .map(|(namespace, owners)| {
                Finding::about(format!("namespace {namespace}"))
                    .observed(
                        "pgmq.meta has no queue of it, though workers run that create it at boot",
                    )
                    .evidence("queue", format!("worker_{namespace}_queue"))
                    .evidence("workers", owners.join(", "))
                    .hint(format!(
                        "run `process-compose process restart {}`",
                        owners[0]
                    ))
            });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn without_queue() -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence
            .database
            .seen_mut()
            .queues
            .retain(|queue| queue.name != "worker_mail_queue");
        evidence
    }

    #[test]
    fn a_namespace_without_its_queue_is_a_finding() {
        let findings = fires::<NamespaceQueueMissing>(&without_queue());

        assert_eq!(findings[0].subject, "namespace mail");
        assert_eq!(
            findings[0].evidence["workers"],
            "worker-rust-1, worker-rust-2"
        );
    }

    #[test]
    fn where_no_worker_runs_nobody_could_create_it() {
        let mut evidence = without_queue();
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.name != "worker-rust");

        silent::<NamespaceQueueMissing>(&evidence);
    }

    #[test]
    fn where_the_extension_is_absent_that_is_the_finding() {
        let mut evidence = without_queue();
        evidence.database.seen_mut().pgmq = None;

        silent::<NamespaceQueueMissing>(&evidence);
    }

    #[test]
    fn without_the_database_the_queues_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<NamespaceQueueMissing>(&evidence);
    }
}
