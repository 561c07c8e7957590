use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Supervisor, SystemView, Unseen};
use crate::topology::{CLUSTER_FILE, Topology};

/// An instance id is not `{service}-{n}`.
///
/// Ids join processes, ports, log files, database sessions and witness files;
/// one that nobody can take apart again breaks the join without a word.
pub struct InstanceIdMalformed;

impl Check for InstanceIdMalformed {
    const CODE: Code = Code::new(105);
    const NAME: &'static str = "instance-id-malformed";
    const TITLE: &'static str = "every instance id is its service's name and a number";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let mut findings = services(topology);
        if let Some(supervisor) = evidence.supervisor.ok() {
            findings.extend(supervised(topology, supervisor));
        }
        with_processes(findings, evidence, |system| processes(topology, system))
    }
}

fn processes(topology: &Topology, system: &SystemView) -> Vec<Finding> {
    system
        .processes
        .iter()
        .filter(|process| process.is_alive() && !process.of_another_cluster)
        .filter_map(|process| Some((process, process.instance()?)))
        .filter(|(_, id)| !well_formed(topology, id))
        .map(|(process, id)| {
            Finding::about(format!("process {}", process.pid))
                .observed(format!(
                    "it calls itself `{id}`, which is not `{{service}}-{{n}}`"
                ))
                .evidence("TASKER_INSTANCE_ID", id)
                .evidence("process", &process.name)
                .hint(format!(
                    "stop it with `kill {}`, and let `./dev up` start the instances",
                    process.pid
                ))
        })
        .collect()
}

fn supervised(topology: &Topology, supervisor: &Supervisor) -> Vec<Finding> {
    supervisor
        .processes
        .keys()
        .filter(|name| of_a_service(topology, name) && !well_formed(topology, name))
        .map(|name| {
            Finding::about(name)
                .observed("process-compose runs it, and it is not `{service}-{n}`")
                .hint("run `cluster-verify render`, then `./dev down` and `./dev up`")
        })
        .collect()
}

/// A bad or repeated name of a service makes bad or repeated ids of all its instances.
fn services(topology: &Topology) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, service) in topology.services.iter().enumerate() {
        let name = &service.name;
        let earlier = &topology.services[..index];
        let observed = if earlier.iter().any(|other| other.name == *name) {
            "two services have this name, so that their instances share ids"
        } else if !is_service_name(name) {
            "a name of lower-case letters, digits and hyphens that ends in no number is needed"
        } else {
            continue;
        };
        findings.push(
            Finding::about(format!("service `{name}`"))
                .observed(observed)
                .evidence("file", CLUSTER_FILE)
                .hint(format!(
                    "rename the service in {CLUSTER_FILE}, then `cluster-verify render`"
                )),
        );
    }
    findings
}

/// Such that `{name}-{n}` can be taken apart in one way only.
fn is_service_name(name: &str) -> bool {
    name.split('-').all(|part| {
        !part.is_empty()
            && part
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    }) && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .rsplit('-')
            .next()
            .is_none_or(|part| part.parse::<u64>().is_err())
}

/// Whether an id is a known service's name and a number from 1, be there such an instance or not.
pub fn well_formed(topology: &Topology, id: &str) -> bool {
    id.rsplit_once('-').is_some_and(|(service, number)| {
        topology
            .services
            .iter()
            .any(|candidate| candidate.name == service)
            && number.starts_with(|first: char| ('1'..='9').contains(&first))
            && number.parse::<u16>().is_ok()
    })
}

/// Other processes than instances, such as the database, have names of their own.
fn of_a_service(topology: &Topology, name: &str) -> bool {
    topology.services.iter().any(|service| {
        name.strip_prefix(&service.name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Observed, Supervised};

    fn with_live_id(id: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let environment = evidence.system.seen_mut().processes[3]
            .environment
            .as_mut()
            .unwrap();
        environment.insert("TASKER_INSTANCE_ID".into(), id.into());
        evidence
    }

    fn with_supervised(name: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let supervised = Supervised {
            status: "Running".into(),
            ready: true,
            pid: 9,
            restarts: 0,
            exit_code: 0,
        };
        evidence
            .supervisor
            .seen_mut()
            .processes
            .insert(name.into(), supervised);
        evidence
    }

    #[test]
    fn a_process_whose_id_has_no_number_or_an_odd_one_is_found() {
        for id in [
            "worker-rust",
            "worker-rust-0",
            "worker-rust-02",
            "worker-rust-x",
            "rust-1",
        ] {
            let findings = fires::<InstanceIdMalformed>(&with_live_id(id));

            assert_eq!(findings[0].evidence["TASKER_INSTANCE_ID"], id);
        }
    }

    #[test]
    fn a_number_beyond_the_topology_is_not_malformed() {
        silent::<InstanceIdMalformed>(&with_live_id("worker-rust-7"));
    }

    #[test]
    fn a_supervised_replica_is_found_and_the_database_is_not() {
        fires::<InstanceIdMalformed>(&with_supervised("worker-rust-1-0"));
        silent::<InstanceIdMalformed>(&with_supervised("postgres"));
    }

    #[test]
    fn service_names_that_make_ambiguous_ids_are_found() {
        for name in [
            "worker-1",
            "Worker",
            "worker--rust",
            "worker_rust",
            "",
            "orchestration",
        ] {
            let mut evidence = Evidence::healthy();
            evidence.topology.seen_mut().services[1].name = name.into();
            evidence.system = Observed::not_looked("processes");
            evidence.supervisor = Observed::not_looked("the supervisor");

            fires::<InstanceIdMalformed>(&evidence);
        }
    }

    #[test]
    fn offline_the_files_alone_are_judged() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");
        evidence.supervisor = Observed::not_looked("the supervisor");

        silent::<InstanceIdMalformed>(&evidence);
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<InstanceIdMalformed>(&evidence);
    }
}
