use super::port_holder::foreign_listener;
use super::restarts::loops;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// An instance of the topology has no process.
pub struct InstanceNotRunning;

impl Check for InstanceNotRunning {
    const CODE: Code = Code::new(201);
    const NAME: &'static str = "instance-not-running";
    const TITLE: &'static str = "every instance has a process";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        let supervisor = evidence.supervisor.ok();
        Ok(topology
            .instances()
            .filter(|(_, instance)| system.of_instance(&instance.id).is_none())
            // Whoever holds the port keeps the instance from starting, and has a code of its own.
            .filter(|(_, instance)| foreign_listener(system, supervisor, instance).is_none())
            // So has one that is caught between two starts of many.
            .filter(|(_, instance)| !loops(evidence, &instance.id))
            .map(|(_, instance)| {
                let id = &instance.id;
                let finding = Finding::about(id)
                    .observed("no process carries its id")
                    .evidence("port", instance.port);
                let finding = match system.pid_files.get(id) {
                    Some(pid) => finding.evidence("last pid", pid),
                    None => finding,
                };
                let Some(supervisor) = supervisor else {
                    return finding
                        .evidence("process-compose", "not seen")
                        .hint("run `./dev up --wait`");
                };
                match supervisor.processes.get(id) {
                    None => finding
                        .evidence("process-compose", "does not know it")
                        .hint(
                            "run `cluster-verify render`, then `./dev down` and `./dev up --wait`",
                        ),
                    Some(known) => finding
                        .evidence("process-compose", &known.status)
                        .evidence("exit status", known.exit_code)
                        .evidence("restarts", known.restarts)
                        .hint(format!(
                            "run `./dev logs {id}`, then `process-compose process start {id}`"
                        )),
                }
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Listener, Observed};

    /// The healthy cluster after worker-rust-2 is gone.
    fn without_the_last() -> Evidence {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        system.processes.retain(|process| process.pid != 103);
        system.listeners.retain(|listener| listener.pid != 103);
        let supervised = evidence
            .supervisor
            .seen_mut()
            .processes
            .get_mut("worker-rust-2")
            .unwrap();
        supervised.status = "Completed".into();
        supervised.pid = 0;
        supervised.exit_code = 3;
        evidence
    }

    #[test]
    fn an_instance_that_exited_is_found_with_what_the_supervisor_says() {
        let findings = fires::<InstanceNotRunning>(&without_the_last());

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["exit status"], "3");
        assert_eq!(findings[0].evidence["last pid"], "103");
    }

    #[test]
    fn without_a_supervisor_the_whole_cluster_is_to_be_started() {
        let mut evidence = without_the_last();
        evidence.supervisor = Observed::unseen("the supervisor", "no socket");

        assert_eq!(
            fires::<InstanceNotRunning>(&evidence)[0].hint,
            "run `./dev up --wait`"
        );
    }

    #[test]
    fn an_instance_that_the_supervisor_does_not_know_is_found() {
        let mut evidence = without_the_last();
        evidence
            .supervisor
            .seen_mut()
            .processes
            .remove("worker-rust-2");

        let findings = fires::<InstanceNotRunning>(&evidence);

        assert_eq!(findings[0].evidence["process-compose"], "does not know it");
    }

    #[test]
    fn a_stale_pid_file_with_a_reused_pid_is_no_instance() {
        let mut evidence = without_the_last();
        let system = evidence.system.seen_mut();
        let mut other = system.processes[0].clone();
        other.pid = 103;
        other.environment = Some([("HOME".to_owned(), "/home/x".to_owned())].into());
        system.processes.push(other);

        fires::<InstanceNotRunning>(&evidence);
    }

    #[test]
    fn a_stopped_process_is_there_and_so_is_one_whose_environment_is_hidden() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        system.processes[2].state = "Stop".into();
        system.processes[3].environment = None;

        silent::<InstanceNotRunning>(&evidence);
    }

    #[test]
    fn an_instance_whose_port_another_holds_is_somebody_elses_finding() {
        let mut evidence = without_the_last();
        evidence.system.seen_mut().listeners.push(Listener {
            port: 8101,
            address: "127.0.0.1".into(),
            pid: 9999,
            process: "python3".into(),
        });

        silent::<InstanceNotRunning>(&evidence);
    }

    #[test]
    fn an_instance_between_two_starts_of_many_is_somebody_elses_finding() {
        let mut evidence = without_the_last();
        let known = &mut evidence.supervisor.seen_mut().processes;
        let supervised = known.get_mut("worker-rust-2").unwrap();
        supervised.status = "Restarting".into();
        supervised.restarts = 3;

        silent::<InstanceNotRunning>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<InstanceNotRunning>(&evidence);
    }
}
