use std::net::IpAddr;

use super::engine_settings::{self, EngineSettings};
use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::checks::processes::port_holder::foreign_listener;
use crate::evidence::{Evidence, SystemView, Unseen};
use crate::topology::{Instance, Role};

/// An instance, or the database, can be reached from other machines.
///
/// The engine's REST interface has no authentication by default.
pub struct ExposedBind;

impl Check for ExposedBind {
    const CODE: Code = Code::new(117);
    const NAME: &'static str = "exposed-bind";
    const TITLE: &'static str = "everything listens on loopback addresses only";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let files = engine_settings::all(topology, &evidence.configuration)?;
        let configured: Vec<Finding> = files.iter().flat_map(as_configured).collect();
        let known: Vec<String> = configured.iter().map(|it| it.subject.clone()).collect();
        with_processes(configured, evidence, |system| {
            let supervisor = evidence.supervisor.ok();
            let mut findings: Vec<Finding> = topology
                .instances()
                .filter(|(_, instance)| !known.contains(&instance.id))
                // What a stranger does on the port is not the instance's doing.
                .filter(|(_, instance)| foreign_listener(system, supervisor, instance).is_none())
                .filter_map(|(_, instance)| listening(system, &instance.id, instance.port))
                .collect();
            findings.extend(listening(system, "postgres", topology.database.port));
            findings
        })
    }
}

fn as_configured(file: &EngineSettings<'_>) -> Vec<Finding> {
    file.readers
        .iter()
        .flat_map(|(service, instance)| {
            let section = match service.role {
                Role::Orchestration => "orchestration",
                Role::Worker => "worker",
            };
            ["web", "grpc"].map(|server| (format!("{section}.{server}"), *instance))
        })
        .filter(|(table, _)| file.flag(&format!("{table}.enabled")) != Some(false))
        .filter_map(|(table, instance)| exposed(file, &table, instance))
        .collect()
}

fn exposed(file: &EngineSettings<'_>, table: &str, instance: &Instance) -> Option<Finding> {
    let key = format!("{table}.bind_address");
    let address = file.text(&key, instance)?;
    let (host, _) = address.rsplit_once(':')?;
    if is_loopback(host) {
        return None;
    }
    Some(
        Finding::about(&instance.id)
            .observed(format!("it is configured to listen on {address}"))
            .evidence("address", &address)
            .evidence("set by", format!("{key} in {}", file.path))
            .hint(format!(
                "set `{key}` to a 127.0.0.1 address in config/tasker/base.toml, then \
                 `cluster-verify render`"
            )),
    )
}

/// The operating system's view: what was configured is not always what happens.
fn listening(system: &SystemView, subject: &str, port: u16) -> Option<Finding> {
    let listener = system
        .listeners
        .iter()
        .find(|listener| listener.port == port && !is_loopback(&listener.address))?;
    Some(
        Finding::about(subject)
            .observed(format!(
                "pid {} ({}) listens on {}:{port}",
                listener.pid, listener.process, listener.address
            ))
            .evidence("address", format!("{}:{port}", listener.address))
            .evidence("pid", listener.pid)
            .hint("run `./dev down` and `./dev up`: what the cluster starts listens on 127.0.0.1"),
    )
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| match address {
            IpAddr::V4(address) => address.is_loopback(),
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address
                        .to_ipv4_mapped()
                        .is_some_and(|mapped| mapped.is_loopback())
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Listener, Observed};

    fn set(evidence: &mut Evidence, key: &str, value: serde_json::Value) {
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("worker.toml").unwrap();
        file.settings.insert(key.into(), value);
    }

    #[test]
    fn an_address_in_the_engines_configuration_is_found_on_each_reader() {
        let mut evidence = Evidence::healthy();
        set(
            &mut evidence,
            "worker.web.bind_address",
            json!("0.0.0.0:8100"),
        );

        let findings = fires::<ExposedBind>(&evidence);

        assert_eq!(findings.len(), 2);
        assert_eq!(
            findings[0].evidence["set by"],
            "worker.web.bind_address in worker.toml"
        );
    }

    #[test]
    fn a_listener_on_every_interface_is_found_and_only_once() {
        for address in ["0.0.0.0", "::", "192.168.1.7"] {
            let mut evidence = Evidence::healthy();
            evidence.system.seen_mut().listeners[2].address = address.into();

            let findings = fires::<ExposedBind>(&evidence);

            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].subject, "worker-rust-1");
        }
    }

    #[test]
    fn the_database_is_looked_at_too() {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().listeners.push(Listener {
            port: 15432,
            address: "0.0.0.0".into(),
            pid: 60,
            process: "postgres".into(),
        });

        assert_eq!(fires::<ExposedBind>(&evidence)[0].subject, "postgres");
    }

    #[test]
    fn loopback_in_any_form_and_a_server_that_is_off_are_not_exposed() {
        for host in ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"] {
            let mut evidence = Evidence::healthy();
            let address = json!(format!("{host}:8100"));
            set(&mut evidence, "worker.web.bind_address", address);

            silent::<ExposedBind>(&evidence);
        }
        let mut evidence = Evidence::healthy();
        set(&mut evidence, "worker.grpc.enabled", json!(false));
        set(
            &mut evidence,
            "worker.grpc.bind_address",
            json!("0.0.0.0:9290"),
        );
        silent::<ExposedBind>(&evidence);
    }

    #[test]
    fn a_strangers_listener_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        let listener = &mut evidence.system.seen_mut().listeners[2];
        listener.pid = 9999;
        listener.address = "0.0.0.0".into();

        silent::<ExposedBind>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_files_or_after_a_failed_look_at_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::unseen("processes", "no permission");
        unknown::<ExposedBind>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();
        unknown::<ExposedBind>(&evidence);
    }
}
