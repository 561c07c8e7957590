use std::collections::BTreeMap;

use super::standing::{Standing, standing, too_short};
use crate::check::{Check, Code, Finding};
use crate::checks::duty::{Duty, duties, subscribers};
use crate::evidence::{Evidence, Unseen};

/// A namespace has templates and a queue, and nobody takes from the queue.
///
/// What a worker advertises is an intention: without its templates it falls back
/// to `default` and still calls itself healthy. Only the lock that a polling
/// transaction holds on the queue's table, or work done, proves a subscription.
pub struct NamespaceWithoutSubscriber;

impl Check for NamespaceWithoutSubscriber {
    const CODE: Code = Code::new(308);
    const NAME: &'static str = "namespace-without-subscriber";
    const TITLE: &'static str = "every namespace with a template and a queue has a subscriber";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let subscriptions = evidence.subscriptions.seen()?;
        let mut by_namespace: BTreeMap<&str, Vec<(&Duty<'_>, Standing)>> = BTreeMap::new();
        let duties = duties(evidence)?;
        for duty in &duties {
            for namespace in &duty.namespaces {
                let standing = standing(evidence, subscriptions, duty, namespace)?;
                by_namespace
                    .entry(namespace)
                    .or_default()
                    .push((duty, standing));
            }
        }
        let mut findings = Vec::new();
        let mut unproven = false;
        for (namespace, workers) in by_namespace {
            let mut anybody = subscribers(evidence, subscriptions, namespace)?;
            anybody.retain(|id| subscriptions.is_alive(id));
            if !database.has_queue_of(namespace) || !anybody.is_empty() {
                continue;
            }
            if workers
                .iter()
                .any(|(_, standing)| *standing == Standing::Unproven)
            {
                unproven = true;
                continue;
            }
            findings.push(finding(namespace, &workers, subscriptions.window_ms));
        }
        // What is certain is told, whatever else is not.
        match unproven && findings.is_empty() {
            true => Err(too_short(subscriptions, "who serves each namespace")),
            false => Ok(findings),
        }
    }
}

fn finding(namespace: &str, workers: &[(&Duty<'_>, Standing)], window_ms: u64) -> Finding {
    let named = |wanted: Standing| {
        let ids = workers
            .iter()
            .filter(move |(_, standing)| *standing == wanted);
        ids.map(|(duty, _)| duty.instance.id.as_str())
            .collect::<Vec<_>>()
    };
    let (idle, absent) = (named(Standing::Idle), named(Standing::Absent));
    let (still, unready) = (named(Standing::Still), named(Standing::Unready));
    let logs = still.first().or(unready.first());
    let hint = match (idle.first(), logs, absent.first()) {
        (Some(id), _, _) => format!("run `cluster-verify env {id} --provenance`"),
        (None, Some(id), _) => format!("run `./dev logs {id}`"),
        (None, None, Some(id)) => format!("run `process-compose process start {id}`"),
        (None, None, None) => "run `cluster-verify queues`".to_owned(),
    };
    let mut finding = Finding::about(format!("namespace {namespace}"))
        .observed(format!(
            "PostgreSQL shows nobody who polled its queue or worked for it in {window_ms} ms"
        ))
        .evidence("queue", format!("worker_{namespace}_queue"))
        .hint(hint);
    let lists = [
        ("run and do not serve it", idle),
        ("run and take from no queue any more", still),
        ("run and are not ready", unready),
        ("do not run", absent),
    ];
    for (key, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        finding = finding.evidence(key, ids.join(", "));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Observed, Subscriptions};

    fn without_subscribers() -> Evidence {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.polls.clear();
        subscriptions.work.clear();
        evidence
    }

    #[test]
    fn a_namespace_that_nobody_polls_is_a_finding() {
        let findings = fires::<NamespaceWithoutSubscriber>(&without_subscribers());

        assert_eq!(findings[0].subject, "namespace mail");
        let idle = &findings[0].evidence["run and do not serve it"];
        assert_eq!(idle, "worker-rust-1, worker-rust-2");
    }

    #[test]
    fn a_namespace_whose_workers_are_all_down_says_which_to_start() {
        let mut evidence = without_subscribers();
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.name != "worker-rust");

        let findings = fires::<NamespaceWithoutSubscriber>(&evidence);

        assert_eq!(
            findings[0].hint,
            "run `process-compose process start worker-rust-1`"
        );
    }

    #[test]
    fn what_workers_did_before_they_ended_proves_nothing() {
        let mut evidence = Evidence::healthy();
        let processes = &mut evidence.system.seen_mut().processes;
        processes.retain(|process| process.name != "worker-rust");

        let findings = fires::<NamespaceWithoutSubscriber>(&evidence);

        assert_eq!(
            findings[0].evidence["do not run"],
            "worker-rust-1, worker-rust-2"
        );
    }

    #[test]
    fn workers_that_are_not_ready_are_told_apart() {
        let mut evidence = without_subscribers();
        for endpoints in evidence.endpoints.values_mut() {
            endpoints.ready.seen_mut().status = 503;
        }

        let findings = fires::<NamespaceWithoutSubscriber>(&evidence);

        let unready = &findings[0].evidence["run and are not ready"];
        assert_eq!(unready, "worker-rust-1, worker-rust-2");
    }

    #[test]
    fn one_subscriber_will_do_and_work_proves_it_as_well() {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.polls.clear();
        subscriptions.work.truncate(1);

        silent::<NamespaceWithoutSubscriber>(&evidence);
    }

    #[test]
    fn a_queue_that_does_not_exist_is_another_finding() {
        let mut evidence = without_subscribers();
        evidence.database.seen_mut().queues.clear();

        silent::<NamespaceWithoutSubscriber>(&evidence);
    }

    #[test]
    fn what_its_workers_did_before_they_stood_still_proves_nothing() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions.seen_mut().alive.clear();

        let findings = fires::<NamespaceWithoutSubscriber>(&evidence);

        let still = &findings[0].evidence["run and take from no queue any more"];
        assert_eq!(still, "worker-rust-1, worker-rust-2");
        assert_eq!(findings[0].hint, "run `./dev logs worker-rust-1`");
    }

    #[test]
    fn what_is_certain_of_one_namespace_is_told_though_another_is_unproven() {
        let mut evidence = without_subscribers();
        for root in evidence.configuration.template_roots.values_mut() {
            let mut other = root.templates[0].clone();
            other.namespace = "parcel".into();
            root.templates.push(other);
        }
        let queues = &mut evidence.database.seen_mut().queues;
        let mut other = queues[0].clone();
        other.name = "worker_parcel_queue".into();
        queues.push(other);
        for identity in evidence.identities.values_mut() {
            identity.seen_mut().namespaces.push("parcel".into());
        }
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.window_ms = 1;
        unknown::<NamespaceWithoutSubscriber>(&evidence);

        let rounds = &mut evidence.subscriptions.seen_mut().rounds;
        rounds.insert("parcel".into(), Subscriptions::ROUNDS);
        let findings = fires::<NamespaceWithoutSubscriber>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "namespace parcel");
    }

    #[test]
    fn a_look_shorter_than_the_poll_cycle_proves_nothing() {
        let mut evidence = without_subscribers();
        evidence.subscriptions.seen_mut().window_ms = 4999;

        unknown::<NamespaceWithoutSubscriber>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_locks_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions = Observed::not_looked("subscriptions");

        unknown::<NamespaceWithoutSubscriber>(&evidence);
    }
}
