//! `process-compose.yaml`: every instance by name, with literal ports and environment.
//!
//! process-compose's own `replicas` would probe the first port for every copy,
//! and its environment expansion would let the caller's shell in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::HEADER;
use crate::topology::{Instance, Role, Service, Topology};

const POSTGRES: &str = "postgres";
const MIGRATE: &str = "migrate";
/// Completes once the first worker of each service is ready.
const REGISTERED: &str = "templates-registered";

#[derive(Serialize)]
struct Project {
    version: &'static str,
    is_strict: bool,
    ordered_shutdown: bool,
    disable_env_expansion: bool,
    processes: serde_norway::Mapping,
}

#[derive(Serialize)]
struct Process {
    command: String,
    environment: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    depends_on: BTreeMap<String, Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    readiness_probe: Option<Probe>,
    availability: Availability,
    #[serde(skip_serializing_if = "Option::is_none")]
    shutdown: Option<Shutdown>,
    log_location: String,
    log_configuration: LogConfiguration,
}

#[derive(Serialize)]
struct Condition {
    condition: &'static str,
}

#[derive(Serialize)]
struct Probe {
    #[serde(skip_serializing_if = "Option::is_none")]
    http_get: Option<HttpGet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec: Option<Exec>,
    period_seconds: u32,
    timeout_seconds: u32,
    failure_threshold: u32,
}

#[derive(Serialize)]
struct HttpGet {
    host: &'static str,
    port: String,
    path: &'static str,
}

#[derive(Serialize)]
struct Exec {
    command: String,
}

#[derive(Serialize)]
struct Availability {
    restart: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    backoff_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Shutdown {
    signal: u8,
    timeout_seconds: u32,
}

#[derive(Serialize)]
struct LogConfiguration {
    flush_each_line: bool,
    /// The instance's own lines, not wrapped into another format.
    disable_json: bool,
    no_metadata: bool,
    no_color: bool,
    /// Without it a time that is none and a level by the descriptor stand before each line.
    fields_order: [&'static str; 1],
    rotation: Rotation,
}

#[derive(Serialize)]
struct Rotation {
    max_size_mb: u32,
    max_backups: u32,
}

/// `state` is the folder of the running cluster as the file shall name it.
pub fn render(topology: &Topology, state: &str) -> String {
    let mut processes = serde_norway::Mapping::new();
    let mut add = |name: &str, process: Process| {
        let process = Process {
            log_location: format!("{state}/logs/{name}.log"),
            ..process
        };
        // Plain structs of strings and numbers always serialise.
        let value = serde_norway::to_value(process).unwrap_or_default();
        processes.insert(name.into(), value);
    };
    add(POSTGRES, postgres(topology));
    add(MIGRATE, migrate(topology));
    if topology
        .instances()
        .any(|(service, instance)| is_later_worker(service, instance))
    {
        add(REGISTERED, registered(topology));
    }
    for (service, instance) in topology.instances() {
        add(&instance.id, instance_process(topology, service, instance));
    }
    let project = Project {
        version: "0.5",
        is_strict: true,
        ordered_shutdown: true,
        disable_env_expansion: true,
        processes,
    };
    format!(
        "{HEADER}{}",
        serde_norway::to_string(&project).unwrap_or_default()
    )
}

fn postgres(topology: &Topology) -> Process {
    Process {
        command: "exec cluster-database serve".into(),
        environment: database_environment(topology),
        depends_on: BTreeMap::new(),
        readiness_probe: Some(Probe {
            http_get: None,
            exec: Some(Exec {
                command: "cluster-database ready".into(),
            }),
            period_seconds: 1,
            timeout_seconds: 2,
            failure_threshold: 60,
        }),
        availability: Availability {
            restart: "on_failure",
            backoff_seconds: Some(1),
        },
        // SIGINT is PostgreSQL's fast shutdown.
        shutdown: Some(Shutdown {
            signal: 2,
            timeout_seconds: 10,
        }),
        ..process()
    }
}

fn migrate(topology: &Topology) -> Process {
    Process {
        command: "exec cluster-database prepare".into(),
        environment: database_environment(topology),
        depends_on: after([(POSTGRES.to_owned(), "process_healthy")]),
        // A cluster without its schema is no cluster: everything stops with this exit status.
        availability: Availability {
            restart: "exit_on_failure",
            backoff_seconds: None,
        },
        ..process()
    }
}

/// Workers register their templates while they boot. Two of one service that do it at once on a
/// fresh database lose some: the engine looks for a namespace, then inserts it.
fn is_later_worker(service: &Service, instance: &Instance) -> bool {
    service.role == Role::Worker && instance.number > 1
}

/// Stands between the first workers and the others: a dependency of one worker on another would
/// also make them stop one after the other.
fn registered(topology: &Topology) -> Process {
    let first = topology
        .with_role(Role::Worker)
        .filter(|(_, instance)| instance.number == 1)
        .map(|(_, instance)| (instance.id.clone(), "process_healthy"));
    Process {
        command: "exec true".into(),
        depends_on: after(first),
        ..process()
    }
}

fn instance_process(topology: &Topology, service: &Service, instance: &Instance) -> Process {
    let mut dependencies = vec![
        (POSTGRES.to_owned(), "process_healthy"),
        (MIGRATE.to_owned(), "process_completed_successfully"),
    ];
    if service.role == Role::Worker {
        dependencies.extend(
            topology
                .with_role(Role::Orchestration)
                .map(|(_, server)| (server.id.clone(), "process_healthy")),
        );
    }
    if is_later_worker(service, instance) {
        dependencies.push((REGISTERED.to_owned(), "process_completed_successfully"));
    }
    Process {
        command: format!(
            "exec services/launch {} {}",
            instance.id,
            service.command.join(" ")
        ),
        environment: instance
            .environment
            .iter()
            .map(|variable| format!("{}={}", variable.name, variable.setting.value))
            .chain(database_environment(topology))
            .collect::<BTreeSet<String>>()
            .into_iter()
            .collect(),
        depends_on: after(dependencies),
        readiness_probe: Some(Probe {
            http_get: Some(HttpGet {
                host: "127.0.0.1",
                port: instance.port.to_string(),
                path: "/health/ready",
            }),
            exec: None,
            period_seconds: 1,
            timeout_seconds: 2,
            failure_threshold: PROBES_BEFORE_RESTART,
        }),
        availability: Availability {
            restart: "always",
            backoff_seconds: Some(1),
        },
        shutdown: Some(Shutdown {
            signal: 15,
            timeout_seconds: service.stop_timeout_seconds,
        }),
        ..process()
    }
}

/// What fails so many probes in a row process-compose stops and starts again, a minute after the start and an hour
/// later alike. A server that has more work than time answers 503 for minutes and is best left to finish it.
const PROBES_BEFORE_RESTART: u32 = 600;

/// What all processes share, and nothing that starts anything.
fn process() -> Process {
    Process {
        command: String::new(),
        environment: Vec::new(),
        depends_on: BTreeMap::new(),
        readiness_probe: None,
        availability: Availability {
            restart: "no",
            backoff_seconds: None,
        },
        shutdown: None,
        log_location: String::new(),
        log_configuration: LogConfiguration {
            flush_each_line: true,
            disable_json: true,
            no_metadata: true,
            no_color: true,
            fields_order: ["message"],
            rotation: Rotation {
                max_size_mb: 20,
                max_backups: 2,
            },
        },
    }
}

fn database_environment(topology: &Topology) -> Vec<String> {
    let queues = topology.database.queues.as_ref();
    let split = queues.map(|name| format!("PGMQ_DATABASE={name}"));
    let variables = [
        format!("TASKER_POSTGRES_PORT={}", topology.database.port),
        format!("TASKER_POSTGRES_DATABASE={}", topology.database.name),
        format!(
            "TASKER_POSTGRES_MAX_CONNECTIONS={}",
            topology.database.max_connections
        ),
        format!("TASKER_ENGINE_PROFILE={}", topology.profile),
    ];
    variables.into_iter().chain(split).collect()
}

fn after(
    dependencies: impl IntoIterator<Item = (String, &'static str)>,
) -> BTreeMap<String, Condition> {
    dependencies
        .into_iter()
        .map(|(name, condition)| (name, Condition { condition }))
        .collect()
}
