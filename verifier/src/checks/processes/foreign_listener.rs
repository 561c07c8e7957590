use super::port_holder;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// An instance's port is held by a process that is not the instance.
///
/// A worker that outlived its supervisor keeps port and queue: it answers the
/// health checks of an instance that cannot even bind.
pub struct ForeignListener;

impl Check for ForeignListener {
    const CODE: Code = Code::new(202);
    const NAME: &'static str = "foreign-listener";
    const TITLE: &'static str = "every instance's port is held by that instance";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        let supervisor = evidence.supervisor.ok();
        let mut findings = Vec::new();
        for (_, instance) in topology.instances() {
            let Some(listener) = port_holder::foreign_listener(system, supervisor, instance) else {
                continue;
            };
            let process = system.process(listener.pid);
            let carried = process
                .and_then(|process| process.instance())
                .unwrap_or("none");
            let mut finding = Finding::about(&instance.id)
                .observed(format!(
                    "its port {} is held by pid {} ({}), which is not the process that should \
                     answer there",
                    instance.port, listener.pid, listener.process
                ))
                .evidence("port", instance.port)
                .evidence("address", &listener.address)
                .evidence("held by pid", listener.pid)
                .evidence("process", &listener.process)
                .evidence("holder's instance id", carried)
                .hint(format!(
                    "stop it with `kill {}`, then `process-compose process restart {}`",
                    listener.pid, instance.id
                ));
            if let Some(started) = process.and_then(|process| process.started_at) {
                finding = finding.evidence("holder since", started);
            }
            if let Some(known) = supervisor.and_then(|all| all.processes.get(&instance.id)) {
                finding = finding.evidence(
                    "process-compose",
                    format!("{}, pid {}", known.status, known.pid),
                );
            }
            findings.push(finding);
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn a_stranger_on_the_port_is_found() {
        let mut evidence = Evidence::healthy();
        let listener = &mut evidence.system.seen_mut().listeners[3];
        listener.pid = 9999;
        listener.process = "python3".into();

        let findings = fires::<ForeignListener>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["held by pid"], "9999");
        assert_eq!(findings[0].evidence["holder's instance id"], "none");
    }

    #[test]
    fn a_stale_copy_beside_the_supervised_process_is_found() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut stale = system.processes[3].clone();
        stale.pid = 77;
        system.processes.push(stale);
        system.listeners[3].pid = 77;

        let findings = fires::<ForeignListener>(&evidence);

        assert_eq!(
            findings[0].evidence["holder's instance id"],
            "worker-rust-2"
        );
        assert_eq!(findings[0].evidence["process-compose"], "Running, pid 103");
    }

    #[test]
    fn a_sibling_on_the_port_is_found() {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().listeners[3].pid = 102;

        let findings = fires::<ForeignListener>(&evidence);

        assert_eq!(
            findings[0].evidence["holder's instance id"],
            "worker-rust-1"
        );
    }

    #[test]
    fn a_child_of_the_instance_may_hold_the_port() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut child = system.processes[3].clone();
        child.pid = 200;
        child.parent = Some(103);
        system.processes.push(child);
        system.listeners[3].pid = 200;

        silent::<ForeignListener>(&evidence);
    }

    #[test]
    fn one_that_was_started_by_hand_in_its_place_is_the_instance() {
        let mut evidence = Evidence::healthy();
        let supervised = evidence
            .supervisor
            .seen_mut()
            .processes
            .get_mut("worker-rust-2")
            .unwrap();
        supervised.status = "Completed".into();
        supervised.pid = 0;
        silent::<ForeignListener>(&evidence);

        evidence.supervisor = Observed::unseen("the supervisor", "no socket");
        silent::<ForeignListener>(&evidence);
    }

    #[test]
    fn a_port_that_nobody_holds_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().listeners.clear();

        silent::<ForeignListener>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_listeners_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<ForeignListener>(&evidence);
    }
}
