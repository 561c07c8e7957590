use super::standing::{Standing, standing, too_short};
use crate::check::{Check, Code, Finding};
use crate::checks::duty::{Duty, Misdirection, duties};
use crate::evidence::{Evidence, Unseen};

/// A ready worker does not take from a queue that its service should serve.
///
/// Its siblings hide it: tasks complete, health is green, and half of the capacity
/// is gone. The cause was an inherited variable once (TAS-73), so that one is named.
pub struct InstanceNotSubscribed;

impl Check for InstanceNotSubscribed {
    const CODE: Code = Code::new(309);
    const NAME: &'static str = "instance-not-subscribed";
    const TITLE: &'static str = "every ready worker takes from the queues of its namespaces";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let subscriptions = evidence.subscriptions.seen()?;
        let mut findings = Vec::new();
        for duty in duties(evidence)? {
            let misdirection = duty.misdirection(evidence.system.ok());
            let mut idle = Vec::new();
            for &namespace in &duty.namespaces {
                // A worker that nothing misled cannot poll a queue that does not exist.
                let possible = misdirection.is_some() || database.has_queue_of(namespace);
                match standing(evidence, subscriptions, &duty, namespace)? {
                    Standing::Idle if possible => idle.push(namespace),
                    Standing::Unproven if possible => {
                        return Err(too_short(subscriptions, "what each worker serves"));
                    }
                    _ => {}
                }
            }
            if !idle.is_empty() {
                findings.push(finding(evidence, &duty, &idle, misdirection));
            }
        }
        Ok(findings)
    }
}

fn finding(
    evidence: &Evidence,
    duty: &Duty<'_>,
    idle: &[&str],
    misdirection: Option<Misdirection>,
) -> Finding {
    let id = duty.instance.id.as_str();
    let window_ms = evidence
        .subscriptions
        .ok()
        .map_or(0, |subscriptions| subscriptions.window_ms);
    let (count, all) = (idle.len(), duty.namespaces.len());
    let mut finding = Finding::about(id)
        .observed(format!(
            "PostgreSQL shows no poll and no work of it for {count} of its {all} namespaces in {window_ms} ms"
        ))
        .evidence("namespaces", idle.join(", "))
        .hint(format!("run `cluster-verify env {id} --provenance`"));
    if let Some(identity) = evidence
        .identities
        .get(id)
        .and_then(|identity| identity.ok())
    {
        finding = finding.evidence(
            "namespaces in its identity record",
            identity.namespaces.join(", "),
        );
    }
    match misdirection {
        Some(misdirection) => misdirection.told(id, finding),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn without_second() -> Evidence {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions
            .polls
            .retain(|poll| poll.instance != "worker-rust-2");
        subscriptions
            .work
            .retain(|work| work.instance != "worker-rust-2");
        evidence
    }

    fn process_of_second(evidence: &mut Evidence) -> &mut crate::evidence::OsProcess {
        let mut processes = evidence.system.seen_mut().processes.iter_mut();
        processes
            .find(|process| process.instance() == Some("worker-rust-2"))
            .unwrap()
    }

    #[test]
    fn a_worker_led_to_other_templates_is_found_with_variable_and_line() {
        let mut evidence = without_second();
        let environment = process_of_second(&mut evidence)
            .environment
            .as_mut()
            .unwrap();
        environment.insert(
            "TASKER_TEMPLATE_PATH".into(),
            "/elsewhere/config/tasks".into(),
        );
        // The queue need not exist: this worker would not have created it.
        evidence.database.seen_mut().queues.clear();

        let findings = fires::<InstanceNotSubscribed>(&evidence);

        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["namespaces"], "mail");
        assert_eq!(findings[0].evidence["variable"], "TASKER_TEMPLATE_PATH");
        assert_eq!(findings[0].evidence["actual"], "/elsewhere/config/tasks");
        assert_eq!(findings[0].evidence["origin"], "worker-rust.env:2");
    }

    #[test]
    fn a_worker_that_polls_nothing_for_another_reason_is_found_too() {
        let findings = fires::<InstanceNotSubscribed>(&without_second());

        assert_eq!(findings.len(), 1);
        assert!(!findings[0].evidence.contains_key("variable"));
    }

    #[test]
    fn a_namespace_that_its_record_lacks_is_found_however_short_the_look() {
        let mut evidence = without_second();
        evidence.subscriptions.seen_mut().window_ms = 1;
        let identity = evidence.identities.get_mut("worker-rust-2").unwrap();
        identity.seen_mut().namespaces = vec!["default".into()];

        fires::<InstanceNotSubscribed>(&evidence);
    }

    #[test]
    fn a_worker_that_does_not_run_is_another_finding() {
        let mut evidence = without_second();
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.pid != 103);

        silent::<InstanceNotSubscribed>(&evidence);
    }

    #[test]
    fn a_worker_that_is_not_ready_is_another_finding_unless_it_was_misled() {
        let mut evidence = without_second();
        let endpoints = evidence.endpoints.get_mut("worker-rust-2").unwrap();
        endpoints.ready.seen_mut().status = 503;
        silent::<InstanceNotSubscribed>(&evidence);

        let environment = process_of_second(&mut evidence)
            .environment
            .as_mut()
            .unwrap();
        environment.insert("TASKER_TEMPLATE_PATH".into(), "/config/tasks".into());
        fires::<InstanceNotSubscribed>(&evidence);
    }

    #[test]
    fn an_absolute_template_path_is_no_difference() {
        let mut evidence = Evidence::healthy();
        let environment = process_of_second(&mut evidence)
            .environment
            .as_mut()
            .unwrap();
        environment.insert(
            "TASKER_TEMPLATE_PATH".into(),
            "/srv/p/templates/rust".into(),
        );

        silent::<InstanceNotSubscribed>(&evidence);
    }

    #[test]
    fn one_that_was_seen_at_another_queue_is_given_a_second_round() {
        let mut evidence = Evidence::healthy();
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
        unknown::<InstanceNotSubscribed>(&evidence);

        evidence.subscriptions.seen_mut().window_ms = 10_000;
        let findings = fires::<InstanceNotSubscribed>(&evidence);
        assert_eq!(findings[0].evidence["namespaces"], "parcel");
    }

    #[test]
    fn a_short_look_proves_nothing() {
        let mut evidence = without_second();
        evidence.subscriptions.seen_mut().window_ms = 100;

        unknown::<InstanceNotSubscribed>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_locks_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions = Observed::not_looked("subscriptions");

        unknown::<InstanceNotSubscribed>(&evidence);
    }
}
