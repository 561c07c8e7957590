use super::supervision::{carriers, is_supervised};
use crate::check::{Check, Code, Finding};
use crate::checks::configuration::well_formed;
use crate::evidence::{Evidence, OsProcess, Unseen};

/// A process carries an instance's id, and no supervisor runs it.
///
/// It keeps its queues and its connections, and nobody stops or restarts it.
pub struct OrphanProcess;

impl Check for OrphanProcess {
    const CODE: Code = Code::new(206);
    const NAME: &'static str = "orphan-process";
    const TITLE: &'static str = "every process with an instance's id is under the supervisor";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        // Of several processes with one id it is the duplication that is reported, of an odd id its oddity.
        let alone: Vec<(&str, &OsProcess)> = carriers(evidence)?
            .into_iter()
            .filter(|(id, processes)| processes.len() == 1 && well_formed(topology, id))
            .filter_map(|(id, processes)| Some((id, *processes.first()?)))
            .collect();
        let supervisor = evidence.supervisor.seen();
        let orphans: Vec<Finding> = alone
            .iter()
            .filter(|(_, process)| match &supervisor {
                Ok(supervisor) => !is_supervised(supervisor, process),
                // A supervisor that was killed leaves its children to the first process.
                Err(_) => process.parent.is_none_or(|parent| parent == 1),
            })
            .map(|(id, process)| {
                let known = topology.instance(id).is_some();
                finding(id, process, supervisor.is_ok(), known)
            })
            .collect();
        match supervisor {
            // Whether processes with another parent are supervised, only the supervisor knows.
            Err(unseen) if orphans.len() < alone.len() && orphans.is_empty() => Err(unseen),
            Ok(_) | Err(_) => Ok(orphans),
        }
    }
}

fn finding(id: &str, process: &OsProcess, supervised: bool, known: bool) -> Finding {
    let parent = process
        .parent
        .map_or("none".to_owned(), |pid| pid.to_string());
    let finding = Finding::about(id)
        .evidence("pid", process.pid)
        .evidence("parent", parent)
        .evidence("command", process.command.join(" "));
    if supervised {
        finding
            .observed(format!(
                "process-compose runs, and pid {} with this id is not one of its processes",
                process.pid
            ))
            .hint(if known {
                format!(
                    "stop it with `kill {}`, then `process-compose process start {id}`",
                    process.pid
                )
            } else {
                format!(
                    "stop it with `kill {}`: the cluster has no {id}",
                    process.pid
                )
            })
    } else {
        finding
            .observed(format!("pid {} outlived its supervisor", process.pid))
            .hint("run `./dev down`, which also ends what no supervisor knows, then `./dev up`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn forget(evidence: &mut Evidence) {
        let known = &mut evidence.supervisor.seen_mut().processes;
        let supervised = known.get_mut("worker-rust-2").unwrap();
        supervised.status = "Completed".into();
        supervised.pid = 0;
    }

    #[test]
    fn a_process_that_was_started_by_hand_is_found() {
        let mut evidence = Evidence::healthy();
        forget(&mut evidence);

        let findings = fires::<OrphanProcess>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["pid"], "103");
    }

    #[test]
    fn an_instance_beyond_the_topology_is_found() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut extra = system.processes[3].clone();
        extra.pid = 77;
        let environment = extra.environment.as_mut().unwrap();
        environment.insert("TASKER_INSTANCE_ID".into(), "worker-rust-3".into());
        system.processes.push(extra);

        let findings = fires::<OrphanProcess>(&evidence);
        assert_eq!(findings[0].subject, "worker-rust-3");
        assert!(
            findings[0]
                .hint
                .ends_with("the cluster has no worker-rust-3")
        );
    }

    #[test]
    fn what_outlived_a_killed_supervisor_is_found() {
        let mut evidence = Evidence::healthy();
        evidence.supervisor = Observed::unseen("the supervisor", "no answer");
        for process in &mut evidence.system.seen_mut().processes {
            process.parent = Some(1);
        }

        assert_eq!(fires::<OrphanProcess>(&evidence).len(), 4);
    }

    #[test]
    fn a_supervised_process_that_has_a_parent_of_its_own_is_none() {
        let mut evidence = Evidence::healthy();
        let process = &mut evidence.system.seen_mut().processes[3];
        process.pid = 200;
        process.parent = Some(103);
        evidence.system.seen_mut().listeners[3].pid = 200;

        silent::<OrphanProcess>(&evidence);
    }

    #[test]
    fn an_odd_id_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut odd = system.processes[3].clone();
        odd.pid = 77;
        let environment = odd.environment.as_mut().unwrap();
        environment.insert("TASKER_INSTANCE_ID".into(), "worker-rust-x".into());
        system.processes.push(odd);

        silent::<OrphanProcess>(&evidence);
    }

    #[test]
    fn a_duplicate_and_a_stranger_on_the_port_are_somebody_elses_findings() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut copy = system.processes[3].clone();
        copy.pid = 77;
        system.processes.push(copy);
        silent::<OrphanProcess>(&evidence);

        evidence.system.seen_mut().listeners[3].pid = 77;
        silent::<OrphanProcess>(&evidence);
    }

    #[test]
    fn without_a_supervisor_to_ask_the_answer_is_unknown_unless_nothing_runs() {
        let mut evidence = Evidence::healthy();
        evidence.supervisor = Observed::unseen("the supervisor", "no answer");
        unknown::<OrphanProcess>(&evidence);

        evidence.system.seen_mut().processes.clear();
        silent::<OrphanProcess>(&evidence);

        evidence.system = Observed::not_looked("processes");
        unknown::<OrphanProcess>(&evidence);
    }
}
