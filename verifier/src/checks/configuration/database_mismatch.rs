use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;

use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, SystemView, Unseen};
use crate::topology::{Instance, Topology};

/// An instance works on another database than the cluster's, or its queues are in another one than its siblings'.
///
/// Two halves of a cluster on two databases are each healthy by themselves.
pub struct DatabaseMismatch;

impl Check for DatabaseMismatch {
    const CODE: Code = Code::new(114);
    const NAME: &'static str = "database-mismatch";
    const TITLE: &'static str = "all instances work on the cluster's database";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let rendered = topology
            .instances()
            .filter_map(|(_, instance)| as_rendered(topology, instance))
            .collect();
        with_processes(rendered, evidence, |system| {
            let mut findings: Vec<Finding> = topology
                .instances()
                .filter_map(|(_, instance)| as_running(topology, system, instance))
                .collect();
            findings.extend(queues_elsewhere(topology, system));
            findings
        })
    }
}

/// Server and database of a connection URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    host: String,
    port: u16,
    database: String,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}/{}", self.host, self.port, self.database)
    }
}

fn place_of(url: &str) -> Option<Place> {
    let url = Url::parse(url).ok()?;
    let host = match url.host_str()? {
        "localhost" | "[::1]" => "127.0.0.1",
        other => other,
    };
    Some(Place {
        host: host.to_owned(),
        port: url.port().unwrap_or(5432),
        database: url.path().trim_start_matches('/').to_owned(),
    })
}

fn expected(topology: &Topology) -> Place {
    Place {
        host: "127.0.0.1".into(),
        port: topology.database.port,
        database: topology.database.name.clone(),
    }
}

fn as_rendered(topology: &Topology, instance: &Instance) -> Option<Finding> {
    let variable = instance.variable("DATABASE_URL")?;
    let finding = elsewhere(topology, instance, &variable.setting.value)?;
    Some(
        finding
            .evidence("set by", &variable.setting.origin)
            .hint(format!(
                "remove DATABASE_URL from {}: `services/launch` sets it",
                variable.setting.origin
            )),
    )
}

fn as_running(topology: &Topology, system: &SystemView, instance: &Instance) -> Option<Finding> {
    let process = system.of_instance(&instance.id)?;
    // One that a layer sets was judged already.
    let url = process
        .variable("DATABASE_URL")
        .filter(|_| instance.variable("DATABASE_URL").is_none())?;
    let finding = elsewhere(topology, instance, url)?;
    Some(finding.evidence("pid", process.pid).hint(format!(
        "run `process-compose process restart {}`",
        instance.id
    )))
}

fn elsewhere(topology: &Topology, instance: &Instance, url: &str) -> Option<Finding> {
    let (expected, actual) = (expected(topology), place_of(url));
    if actual.as_ref() == Some(&expected) {
        return None;
    }
    let shown = actual.map_or_else(|| "no connection URL".to_owned(), |place| place.to_string());
    Some(
        Finding::about(&instance.id)
            .observed(format!(
                "its DATABASE_URL leads to {shown}, and the cluster's database is {expected}"
            ))
            .evidence("expected", expected)
            .evidence("actual", shown),
    )
}

/// Where the queues are is for the cluster to say when they have a database of their own, else for the instances to agree
/// on: those that differ from most are named.
fn queues_elsewhere(topology: &Topology, system: &SystemView) -> Vec<Finding> {
    let main = expected(topology);
    let places: Vec<(&Instance, Place)> = topology
        .instances()
        .filter_map(|(_, instance)| {
            let process = system.of_instance(&instance.id)?;
            process.environment.as_ref().filter(|all| !all.is_empty())?;
            let url = process.variable("PGMQ_DATABASE_URL").unwrap_or_default();
            // An empty one leaves the queues in the main database.
            Some((instance, place_of(url).unwrap_or_else(|| main.clone())))
        })
        .collect();
    let mut counts: BTreeMap<&Place, usize> = BTreeMap::new();
    for (_, place) in &places {
        *counts.entry(place).or_default() += 1;
    }
    let Some(most) = counts.iter().max_by_key(|(_, count)| **count) else {
        return Vec::new();
    };
    let (most, whose) = match &topology.database.queues {
        Some(queues) => {
            let database = queues.clone();
            (Place { database, ..main }, "the cluster's")
        }
        None => ((*most.0).clone(), "those of most instances"),
    };
    places
        .iter()
        .filter(|(_, place)| *place != most)
        .map(|(instance, place)| {
            Finding::about(&instance.id)
                .observed(format!("its queues are in {place}, and {whose} in {most}"))
                .evidence("expected", &most)
                .evidence("actual", place)
                .hint(format!(
                    "run `process-compose process restart {}`",
                    instance.id
                ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::topology::{Origin, Setting, Variable};

    fn running_with(name: &str, value: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let process = &mut evidence.system.seen_mut().processes[3];
        let environment = process.environment.as_mut().unwrap();
        environment.insert(name.into(), value.into());
        evidence
    }

    #[test]
    fn another_port_host_or_database_is_found_in_the_process() {
        for url in [
            "postgresql://tasker:***@127.0.0.1:5432/tasker",
            "postgresql://tasker:***@127.0.0.1/tasker",
            "postgresql://tasker:***@elsewhere:15432/tasker",
            "postgresql://tasker:***@127.0.0.1:15432/other",
            "nonsense",
        ] {
            let findings = fires::<DatabaseMismatch>(&running_with("DATABASE_URL", url));

            assert_eq!(findings[0].subject, "worker-rust-2", "{url}");
            assert_eq!(findings[0].evidence["expected"], "127.0.0.1:15432/tasker");
        }
    }

    #[test]
    fn a_layer_that_names_another_database_is_found_with_its_line_and_once() {
        let url = "postgresql://tasker:***@127.0.0.1:5432/tasker";
        let mut evidence = running_with("DATABASE_URL", url);
        let worker = &mut evidence.topology.seen_mut().services[1].instances[1];
        worker.environment.push(Variable {
            name: "DATABASE_URL".into(),
            setting: Setting {
                value: url.into(),
                origin: Origin::File {
                    path: "worker-rust.env".into(),
                    line: 7,
                },
            },
            overrode: Vec::new(),
        });

        let findings = fires::<DatabaseMismatch>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["set by"], "worker-rust.env:7");
    }

    #[test]
    fn queues_in_another_place_than_the_siblings_are_found() {
        let url = "postgresql://tasker:***@127.0.0.1:15432/queues";

        let findings = fires::<DatabaseMismatch>(&running_with("PGMQ_DATABASE_URL", url));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["actual"], "127.0.0.1:15432/queues");
    }

    #[test]
    fn in_a_split_cluster_an_instance_with_its_queues_in_the_first_database_is_found() {
        let mut evidence = Evidence::healthy();
        evidence.topology.seen_mut().database.queues = Some("queues".into());
        for process in &mut evidence.system.seen_mut().processes {
            process.environment.as_mut().unwrap().insert(
                "PGMQ_DATABASE_URL".into(),
                "postgresql://tasker:***@127.0.0.1:15432/queues".into(),
            );
        }
        silent::<DatabaseMismatch>(&evidence);

        let process = &mut evidence.system.seen_mut().processes[3];
        let environment = process.environment.as_mut().unwrap();
        environment.remove("PGMQ_DATABASE_URL");
        let findings = fires::<DatabaseMismatch>(&evidence);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["expected"], "127.0.0.1:15432/queues");
    }

    #[test]
    fn the_same_place_in_another_spelling_and_an_empty_url_are_no_difference() {
        let url = "postgresql://tasker:***@localhost:15432/tasker?application_name=x";
        silent::<DatabaseMismatch>(&running_with("DATABASE_URL", url));
        silent::<DatabaseMismatch>(&running_with("PGMQ_DATABASE_URL", ""));
    }

    #[test]
    fn queues_that_all_instances_have_elsewhere_are_split_and_not_a_mismatch() {
        let mut evidence = Evidence::healthy();
        for process in &mut evidence.system.seen_mut().processes {
            process.environment.as_mut().unwrap().insert(
                "PGMQ_DATABASE_URL".into(),
                "postgresql://tasker:***@127.0.0.1:15432/queues".into(),
            );
        }

        silent::<DatabaseMismatch>(&evidence);
    }

    #[test]
    fn without_a_topology_or_after_a_failed_look_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::unseen("processes", "no permission");
        unknown::<DatabaseMismatch>(&evidence);

        evidence.topology = Observed::not_looked("the topology");
        unknown::<DatabaseMismatch>(&evidence);
    }
}
