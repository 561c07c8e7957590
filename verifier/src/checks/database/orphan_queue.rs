use std::collections::BTreeSet;

use super::orchestration_queues::queues_of;
use crate::check::{Check, Code, Finding};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};
use crate::topology::Role;

/// A queue holds messages, and neither a template nor a server of this cluster uses it.
///
/// A namespace was renamed, or a service taken out, with work still in its queue.
pub struct OrphanQueue;

impl Check for OrphanQueue {
    const CODE: Code = Code::new(315);
    const NAME: &'static str = "orphan-queue";
    const TITLE: &'static str = "every queue with messages is used by a template or a server";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let used = used(evidence)?;
        let orphans = database
            .queues
            .iter()
            .filter(|queue| queue.messages > 0 && !used.contains(&queue.name));
        let findings = orphans.map(|queue| {
            Finding::about(format!("queue {}", queue.name))
                .observed(format!(
                    "PostgreSQL has {} messages in it, and no template or server uses it",
                    queue.messages
                ))
                .evidence("visible", queue.visible)
                .hint(format!(
                    "{} if nobody misses them",
                    hint::sql(
                        evidence,
                        Database::Queues,
                        &format!("SELECT pgmq.drop_queue('{}')", queue.name)
                    )
                ))
        });
        Ok(findings.collect())
    }
}

/// The queues of every service's templates, also of services without an instance, and of the servers.
fn used(evidence: &Evidence) -> Result<BTreeSet<String>, Unseen> {
    let topology = evidence.topology.seen()?;
    let mut used: BTreeSet<String> = ["worker_orchestration_queue".to_owned()].into();
    for path in topology
        .services
        .iter()
        .filter_map(|service| service.templates.as_deref())
    {
        let root = evidence.configuration.template_roots.get(path);
        let root = root.ok_or_else(|| {
            Unseen::new("the services' templates", format!("`{path}` was not read"))
        })?;
        for namespace in root.namespaces() {
            used.insert(format!("worker_{namespace}_queue"));
            used.insert(format!("{namespace}_domain_events"));
            used.insert(format!("{namespace}_domain_events_dlq"));
        }
    }
    for (_, server) in topology.with_role(Role::Orchestration) {
        used.extend(queues_of(evidence, server)?.into_iter().map(str::to_owned));
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn with_queue(name: &str, messages: i64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let queues = &mut evidence.database.seen_mut().queues;
        let mut queue = queues[0].clone();
        (queue.name, queue.messages) = (name.into(), messages);
        queues.retain(|queue| queue.name != name);
        queues.push(queue);
        evidence
    }

    #[test]
    fn messages_of_a_namespace_without_templates_are_a_finding() {
        let findings = fires::<OrphanQueue>(&with_queue("worker_parcel_queue", 2));

        assert_eq!(findings[0].subject, "queue worker_parcel_queue");
    }

    #[test]
    fn an_empty_queue_and_one_in_use_are_none() {
        silent::<OrphanQueue>(&with_queue("worker_parcel_queue", 0));
        silent::<OrphanQueue>(&with_queue("worker_mail_queue", 2));
        silent::<OrphanQueue>(&with_queue("mail_domain_events", 2));
        silent::<OrphanQueue>(&with_queue("orchestration_step_results", 2));
    }

    #[test]
    fn without_the_templates_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.template_roots.clear();

        unknown::<OrphanQueue>(&evidence);
    }
}
