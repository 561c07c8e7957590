use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::topology::{MAX_INSTANCES, Mode, Service, Topology};

/// Two parts of the cluster want one port, or an instance stands in another service's range.
pub struct PortConflict;

impl Check for PortConflict {
    const CODE: Code = Code::new(102);
    const NAME: &'static str = "port-conflict";
    const TITLE: &'static str = "every port belongs to one instance, within its service's range";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let wanted = wanted_ports(topology);
        let mut findings = Vec::new();
        for (index, first) in wanted.iter().enumerate() {
            let rivals: Vec<&Wanted> = wanted[index + 1..]
                .iter()
                .filter(|other| other.port == first.port)
                .collect();
            findings.extend(rivals.iter().map(|other| {
                Finding::about(format!("port {}", first.port))
                    .observed(format!("{first} and {other} both want it"))
                    .evidence("first", first)
                    .evidence("second", other)
                    .hint(HINT)
            }));
        }
        // The single-instance ports stand side by side in one range on purpose.
        if topology.mode != Mode::Single {
            findings.extend(intruders(topology, &wanted));
        }
        Ok(findings)
    }
}

const HINT: &str = "change `port` or `grpc_port` of one of them in config/cluster.toml, then \
                    `cluster-verify render`";

/// A port that somebody is to listen on.
struct Wanted<'a> {
    owner: &'a str,
    service: &'a str,
    protocol: &'static str,
    port: u16,
}

impl std::fmt::Display for Wanted<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.owner, self.protocol)
    }
}

/// Instances beyond the tenth are left out: that there are too many has a code of its own.
fn wanted_ports(topology: &Topology) -> Vec<Wanted<'_>> {
    let database = Wanted {
        owner: "postgres",
        service: "postgres",
        protocol: "SQL",
        port: topology.database.port,
    };
    let instances = topology
        .instances()
        .filter(|(_, instance)| instance.number <= MAX_INSTANCES)
        .flat_map(|(service, instance)| {
            [("REST", instance.port), ("gRPC", instance.grpc_port)].map(|(protocol, port)| Wanted {
                owner: &instance.id,
                service: &service.name,
                protocol,
                port,
            })
        });
    std::iter::once(database).chain(instances).collect()
}

/// Ports within the ten of another service that the other does not use yet: one more instance there would collide.
fn intruders(topology: &Topology, wanted: &[Wanted<'_>]) -> Vec<Finding> {
    let taken = |port: u16, by: &Service| {
        wanted
            .iter()
            .any(|w| w.port == port && w.service == by.name)
    };
    let mut findings = Vec::new();
    for intruder in wanted {
        for service in topology
            .services
            .iter()
            .filter(|other| other.name != intruder.service)
        {
            let last = service.port.saturating_add(MAX_INSTANCES - 1);
            let within = (service.port..=last).contains(&intruder.port);
            if within && !taken(intruder.port, service) {
                findings.push(
                    Finding::about(format!("port {}", intruder.port))
                        .observed(format!(
                            "{intruder} stands in the range of {}, {} to {last}",
                            service.name, service.port
                        ))
                        .evidence("first", intruder)
                        .evidence("second", &service.name)
                        .hint(HINT),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::topology::Selection;

    #[test]
    fn two_instances_on_one_port_are_named_both() {
        let mut evidence = Evidence::healthy();
        evidence.topology.seen_mut().services[1].instances[0].port = 8081;

        let findings = fires::<PortConflict>(&evidence);

        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].subject, "port 8081");
        assert_eq!(findings[0].evidence["first"], "orchestration-2 (REST)");
        assert_eq!(findings[0].evidence["second"], "worker-rust-1 (REST)");
    }

    #[test]
    fn a_grpc_port_conflicts_with_a_rest_port() {
        let mut evidence = Evidence::healthy();
        evidence.topology.seen_mut().services[0].instances[0].grpc_port = 8101;

        assert_eq!(fires::<PortConflict>(&evidence).len(), 1);
    }

    #[test]
    fn the_port_of_the_database_is_nobody_elses() {
        let mut evidence = Evidence::healthy();
        evidence.topology.seen_mut().database.port = 8100;

        assert_eq!(
            fires::<PortConflict>(&evidence)[0].evidence["first"],
            "postgres (SQL)"
        );
    }

    #[test]
    fn a_port_in_the_unused_part_of_another_range_is_found() {
        let mut evidence = Evidence::healthy();
        evidence.topology.seen_mut().services[1].instances[1].port = 8089;

        let findings = fires::<PortConflict>(&evidence);

        assert_eq!(findings[0].evidence["second"], "orchestration");
    }

    #[test]
    fn neighbouring_ranges_and_the_single_ports_do_not_conflict() {
        let ten = Selection {
            counts: [
                ("orchestration".to_owned(), 10),
                ("worker-rust".to_owned(), 10),
            ]
            .into(),
            ..Selection::default()
        };
        silent::<PortConflict>(&Evidence::of_topology(&ten));
        let single = Selection {
            mode: Some(Mode::Single),
            ..Selection::default()
        };
        silent::<PortConflict>(&Evidence::of_topology(&single));
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<PortConflict>(&evidence);
    }
}
