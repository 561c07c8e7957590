use super::standing::{Standing, standing, too_short};
use crate::check::{Check, Code, Finding};
use crate::checks::duty::{Duty, Misdirection, duties};
use crate::evidence::{Evidence, Subscriptions, Unseen};

/// A ready worker does not take from a queue that its service should serve.
///
/// It never did, or it did and stopped. Its siblings hide it: tasks complete, health is green, and half of the capacity
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
        let mut unproven = false;
        for duty in duties(evidence)? {
            let misdirection = duty.misdirection(evidence.system.ok());
            let mut taken = NotTaken::default();
            for &namespace in &duty.namespaces {
                // A worker that nothing misled cannot poll a queue that does not exist.
                if misdirection.is_none() && !database.has_queue_of(namespace) {
                    continue;
                }
                match standing(evidence, subscriptions, &duty, namespace)? {
                    Standing::Idle => taken.never.push(namespace),
                    Standing::Still => taken.no_longer.push(namespace),
                    Standing::Unproven => unproven = true,
                    Standing::Serves | Standing::Absent | Standing::Unready => {}
                }
            }
            if !taken.is_empty() {
                findings.push(finding(
                    evidence,
                    subscriptions,
                    &duty,
                    &taken,
                    misdirection,
                ));
            }
        }
        // What is certain is told, whatever else is not.
        match unproven && findings.is_empty() {
            true => Err(too_short(subscriptions, "what each worker serves")),
            false => Ok(findings),
        }
    }
}

/// Namespaces from which a worker does not take.
#[derive(Default)]
struct NotTaken<'a> {
    never: Vec<&'a str>,
    /// It did in this boot, before this look.
    no_longer: Vec<&'a str>,
}

impl NotTaken<'_> {
    fn is_empty(&self) -> bool {
        self.never.is_empty() && self.no_longer.is_empty()
    }

    fn names(&self) -> String {
        let mut all = [self.never.as_slice(), &self.no_longer].concat();
        all.sort_unstable();
        all.join(", ")
    }
}

fn finding(
    evidence: &Evidence,
    subscriptions: &Subscriptions,
    duty: &Duty<'_>,
    not_taken: &NotTaken<'_>,
    misdirection: Option<Misdirection>,
) -> Finding {
    let id = duty.instance.id.as_str();
    let (count, all) = (
        not_taken.never.len() + not_taken.no_longer.len(),
        duty.namespaces.len(),
    );
    let hint = match not_taken.never.is_empty() {
        true => format!("run `./dev logs {id}`"),
        false => format!("run `cluster-verify env {id} --provenance`"),
    };
    let mut finding = Finding::about(id)
        .observed(format!(
            "PostgreSQL shows no poll and no work of it for {count} of its {all} namespaces in {} ms",
            subscriptions.window_ms
        ))
        .evidence("namespaces", not_taken.names())
        .hint(hint);
    if !not_taken.no_longer.is_empty() {
        finding = finding.evidence("it took from them before", not_taken.no_longer.join(", "));
    }
    if let Some(rounds) = rounds(subscriptions, not_taken) {
        finding = finding.evidence("rounds of tasks sent for them", rounds);
    }
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

/// The least that was sent for any of them.
fn rounds(subscriptions: &Subscriptions, not_taken: &NotTaken<'_>) -> Option<u32> {
    let all = not_taken.never.iter().chain(&not_taken.no_longer);
    let of = |namespace: &&str| subscriptions.rounds.get(*namespace).copied();
    all.map(of).min().flatten()
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
    fn one_that_took_work_before_and_stands_still_now_is_found() {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.alive.remove("worker-rust-2");

        let findings = fires::<InstanceNotSubscribed>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["it took from them before"], "mail");
        assert_eq!(findings[0].hint, "run `./dev logs worker-rust-2`");
    }

    #[test]
    fn one_that_stands_still_is_certain_after_a_short_look_only_when_it_was_given_work() {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.alive.remove("worker-rust-2");
        subscriptions.window_ms = 1;
        unknown::<InstanceNotSubscribed>(&evidence);

        let rounds = &mut evidence.subscriptions.seen_mut().rounds;
        rounds.insert("mail".into(), Subscriptions::ROUNDS);
        let findings = fires::<InstanceNotSubscribed>(&evidence);

        assert_eq!(findings[0].evidence["rounds of tasks sent for them"], "5");
    }

    #[test]
    fn what_is_certain_of_one_is_told_though_another_is_unproven() {
        let mut evidence = without_second();
        evidence.subscriptions.seen_mut().window_ms = 1;
        let polls = &mut evidence.subscriptions.seen_mut().polls;
        polls.retain(|poll| poll.instance != "worker-rust-1");
        let work = &mut evidence.subscriptions.seen_mut().work;
        work.retain(|work| work.instance != "worker-rust-1");
        unknown::<InstanceNotSubscribed>(&evidence);

        let identity = evidence.identities.get_mut("worker-rust-2").unwrap();
        identity.seen_mut().namespaces = vec!["default".into()];
        let findings = fires::<InstanceNotSubscribed>(&evidence);

        assert_eq!(findings[0].subject, "worker-rust-2");
    }

    /// Both serve another namespace too, of which nothing was seen.
    fn with_another_namespace() -> Evidence {
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
        evidence
    }

    #[test]
    fn one_that_was_seen_at_another_queue_is_given_a_second_round() {
        let mut evidence = with_another_namespace();
        unknown::<InstanceNotSubscribed>(&evidence);

        evidence.subscriptions.seen_mut().window_ms = 10_000;
        let findings = fires::<InstanceNotSubscribed>(&evidence);
        assert_eq!(findings[0].evidence["namespaces"], "parcel");
    }

    #[test]
    fn one_that_was_seen_at_another_queue_and_took_none_of_many_tasks_is_found() {
        let mut evidence = with_another_namespace();
        let rounds = &mut evidence.subscriptions.seen_mut().rounds;
        rounds.insert("parcel".into(), Subscriptions::ROUNDS - 1);
        unknown::<InstanceNotSubscribed>(&evidence);

        let rounds = &mut evidence.subscriptions.seen_mut().rounds;
        rounds.insert("parcel".into(), Subscriptions::ROUNDS);
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
