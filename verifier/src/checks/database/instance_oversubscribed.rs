use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::checks::duty::{Duty, duties};
use crate::evidence::{Evidence, Observed, Subscriptions, Unseen};
use crate::topology::{Role, Topology};

/// An instance takes from the queue of a namespace that is not its own.
///
/// It claims steps for which it has no handler, and fails them: whether a task
/// of that namespace succeeds then depends on who was quicker.
pub struct InstanceOversubscribed;

impl Check for InstanceOversubscribed {
    const CODE: Code = Code::new(310);
    const NAME: &'static str = "instance-oversubscribed";
    const TITLE: &'static str =
        "no instance takes from the queue of a namespace that is not its own";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let subscriptions = evidence.subscriptions.seen()?;
        let duties = duties(evidence)?;
        let mut findings = Vec::new();
        for (_, instance) in topology.instances() {
            let id = instance.id.as_str();
            let duty = duties.iter().find(|duty| duty.instance.id == id);
            let mut taken = taken_by(subscriptions, id);
            for namespace in advertised(evidence, id) {
                taken.entry(namespace).or_default().push("advertises");
            }
            taken.retain(|namespace, _| !is_own(topology, duty, id, namespace));
            if !taken.is_empty() {
                findings.push(finding(evidence, id, duty, &taken));
            }
        }
        Ok(findings)
    }
}

/// By namespace, how it was seen that the instance takes from it.
fn taken_by<'a>(
    subscriptions: &'a Subscriptions,
    id: &str,
) -> BTreeMap<&'a str, Vec<&'static str>> {
    let mut taken: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    let of = |instance: &str| instance == id;
    for poll in subscriptions.polls.iter().filter(|poll| of(&poll.instance)) {
        taken.entry(&poll.namespace).or_default().push("polls");
    }
    for work in subscriptions.work.iter().filter(|work| of(&work.instance)) {
        taken.entry(&work.namespace).or_default().push("works");
    }
    for listen in subscriptions
        .listens
        .iter()
        .filter(|listen| of(&listen.instance))
    {
        if let Some(namespace) = listen.namespace() {
            taken.entry(namespace).or_default().push("listens");
        }
    }
    taken
}

/// The namespaces that its present process said at its boot that it serves: it visits each in turn, and a short look
/// need not catch it at one.
fn advertised<'a>(evidence: &'a Evidence, id: &str) -> impl Iterator<Item = &'a str> {
    let record = evidence.identities.get(id).and_then(Observed::ok);
    let system = evidence.system.ok();
    let present = record.filter(|record| {
        let process = system.and_then(|system| system.of_instance(id));
        process.is_some_and(|process| process.pid == record.pid)
    });
    let namespaces = present.into_iter().flat_map(|record| &record.namespaces);
    namespaces.map(String::as_str)
}

/// A worker's own are its service's; a server's own is the queue of results, whose channel is called `orchestration`.
fn is_own(topology: &Topology, duty: Option<&Duty<'_>>, id: &str, namespace: &str) -> bool {
    let role = topology.instance(id).map(|(service, _)| service.role);
    match duty {
        Some(duty) => duty.namespaces.contains(&namespace),
        None => role == Some(Role::Orchestration) && namespace == "orchestration",
    }
}

fn finding(
    evidence: &Evidence,
    id: &str,
    duty: Option<&Duty<'_>>,
    taken: &BTreeMap<&str, Vec<&'static str>>,
) -> Finding {
    let names: Vec<&str> = taken.keys().copied().collect();
    let ways: Vec<String> = taken
        .iter()
        .map(|(namespace, ways)| format!("{namespace}: {}", ways.join(", ")))
        .collect();
    let finding = Finding::about(id)
        .observed(format!(
            "it takes from {} that are not its own",
            if names.len() == 1 {
                "1 queue".to_owned()
            } else {
                format!("{} queues", names.len())
            }
        ))
        .evidence("namespaces", names.join(", "))
        .evidence("seen by", ways.join("; "))
        .hint(format!("run `cluster-verify env {id} --provenance`"));
    let misdirection = duty.and_then(|duty| duty.misdirection(evidence.system.ok()));
    match misdirection {
        Some(misdirection) => misdirection.told(id, finding),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Listen, WorkDone};

    #[test]
    fn a_worker_that_fell_back_to_default_is_a_finding() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions.seen_mut().polls[0].namespace = "default".into();

        let findings = fires::<InstanceOversubscribed>(&evidence);

        assert_eq!(findings[0].subject, "worker-rust-1");
        assert_eq!(findings[0].evidence["seen by"], "default: polls");
    }

    #[test]
    fn listening_or_working_for_another_namespace_is_one_too() {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.listens.push(Listen {
            instance: "worker-rust-2".into(),
            channel: "pgmq_message_ready.parcel".into(),
        });
        subscriptions.work.push(WorkDone {
            instance: "worker-rust-2".into(),
            namespace: "parcel".into(),
            steps: 1,
        });

        let findings = fires::<InstanceOversubscribed>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["seen by"], "parcel: works, listens");
    }

    #[test]
    fn what_it_said_at_its_boot_counts_without_a_look_at_it() {
        let mut evidence = Evidence::healthy();
        let record = evidence.identities.get_mut("worker-rust-2").unwrap();
        record.seen_mut().namespaces.push("parcel".into());

        let findings = fires::<InstanceOversubscribed>(&evidence);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["seen by"], "parcel: advertises");

        // A record of an earlier process says nothing of this one.
        evidence
            .identities
            .get_mut("worker-rust-2")
            .unwrap()
            .seen_mut()
            .pid = 7;
        silent::<InstanceOversubscribed>(&evidence);
    }

    #[test]
    fn a_worker_that_was_led_there_is_found_with_the_variable() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions.seen_mut().polls[0].namespace = "parcel".into();
        for process in &mut evidence.system.seen_mut().processes {
            let environment = process.environment.as_mut().unwrap();
            environment.insert("TASKER_TEMPLATE_PATH".into(), "/config/parcel".into());
        }

        let findings = fires::<InstanceOversubscribed>(&evidence);

        assert_eq!(findings[0].evidence["variable"], "TASKER_TEMPLATE_PATH");
    }

    #[test]
    fn a_server_that_listens_for_results_is_none() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions.seen_mut().listens.push(Listen {
            instance: "orchestration-1".into(),
            channel: "pgmq_message_ready.orchestration".into(),
        });

        silent::<InstanceOversubscribed>(&evidence);
    }

    #[test]
    fn a_session_of_nobody_is_another_finding() {
        let mut evidence = Evidence::healthy();
        let poll = &mut evidence.subscriptions.seen_mut().polls[0];
        (poll.instance, poll.namespace) = ("psql".into(), "parcel".into());

        silent::<InstanceOversubscribed>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_locks_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions = Observed::not_looked("subscriptions");

        unknown::<InstanceOversubscribed>(&evidence);
    }
}
