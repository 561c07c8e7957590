//! From the file, the layers and one run's selection to every instance with its environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::environment::{merge, of_all, of_instance};
use super::file::{ClusterFile, PoolsFile, Role, ServiceFile};
use super::selection::{Mode, Selection};
use super::{Assignment, Problem, load::CLUSTER_FILE};

/// Variables that belong to one service or instance: inherited from elsewhere
/// they make a worker serve the wrong templates (TAS-73).
pub const SERVICE_VARIABLES: [&str; 9] = [
    "TASKER_CONFIG_PATH",
    "TASKER_TEMPLATE_PATH",
    "TASKER_INSTANCE_ID",
    "TASKER_INSTANCE_PORT",
    "TASKER_WORKER_ID",
    "TASKER_WEB_BIND_ADDRESS",
    "TASKER_ORCHESTRATION_GRPC_BIND_ADDRESS",
    "TASKER_WORKER_GRPC_BIND_ADDRESS",
    "WORKSPACE_PATH",
];

/// Connections beside the pools: three that PostgreSQL keeps for a superuser, up to six of this program, and one for a probe.
pub const RESERVE: u32 = 10;

/// The cluster that one run should consist of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    pub engine: Engine,
    pub mode: Mode,
    pub profile: String,
    pub port_offset: u16,
    pub split: bool,
    pub database: Database,
    #[serde(default)]
    pub pools: PoolsFile,
    /// What all services have in common, by name.
    #[serde(default)]
    pub shared: Vec<Variable>,
    pub services: Vec<Service>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Engine {
    pub version: String,
    /// The checkout that it was built from; none: it is the published one.
    pub path: Option<String>,
    /// Of the checkout, where it is in a repository.
    #[serde(default)]
    pub commit: Option<String>,
    /// A digest of the checkout's sources.
    #[serde(default)]
    pub content: Option<String>,
    pub migrations: Vec<i64>,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.version)?;
        let Some(path) = &self.path else {
            return Ok(());
        };
        write!(out, " from {path}")?;
        match (&self.commit, &self.content) {
            (Some(commit), _) => write!(out, ", commit {commit}"),
            (None, Some(content)) => write!(out, ", no commit, content {content}"),
            (None, None) => Ok(()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub port: u16,
    pub name: String,
    /// The database of the queues, where they have one of their own.
    #[serde(default)]
    pub queues: Option<String>,
    pub role: String,
    pub max_connections: u32,
    pub major: u32,
    pub pgmq: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    pub role: Role,
    pub language: Option<String>,
    pub command: Vec<String>,
    /// The service's own environment layer.
    pub environment: String,
    /// What all its instances have in common, by name.
    #[serde(default)]
    pub variables: Vec<Variable>,
    pub templates: Option<String>,
    pub port: u16,
    pub ready_timeout_seconds: u32,
    pub stop_timeout_seconds: u32,
    pub instances: Vec<Instance>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// `{service}-{number}`.
    pub id: String,
    pub number: u16,
    pub port: u16,
    pub grpc_port: u16,
    /// By name.
    pub environment: Vec<Variable>,
    /// Where it answers, of a cluster that this project did not start; none: on its port of the loopback address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One variable of an instance, with what set it and what that overrode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    pub name: String,
    #[serde(flatten)]
    pub setting: Setting,
    /// Earlier layers' settings, the nearest last.
    pub overrode: Vec<Setting>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub value: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    File {
        path: String,
        line: usize,
    },
    /// By `cluster-verify`, from `config/cluster.toml`.
    Computed,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, line } => write!(out, "{path}:{line}"),
            Self::Computed => write!(out, "computed from {CLUSTER_FILE}"),
        }
    }
}

impl Topology {
    /// The mode, and whether the queues have a database of their own.
    pub fn kind(&self) -> String {
        let split = if self.split { " split" } else { "" };
        format!("{}{split}", self.mode)
    }

    pub fn instances(&self) -> impl Iterator<Item = (&Service, &Instance)> {
        self.services.iter().flat_map(|service| {
            service
                .instances
                .iter()
                .map(move |instance| (service, instance))
        })
    }

    /// Whether it is known by its addresses alone.
    pub fn is_foreign(&self) -> bool {
        self.instances().any(|(_, instance)| instance.url.is_some())
    }

    pub fn instance(&self, id: &str) -> Option<(&Service, &Instance)> {
        self.instances().find(|(_, instance)| instance.id == id)
    }

    pub fn with_role(&self, role: Role) -> impl Iterator<Item = (&Service, &Instance)> {
        self.instances()
            .filter(move |(service, _)| service.role == role)
    }
}

impl Instance {
    /// Where its REST endpoints are, without a slash at the end.
    pub fn base_url(&self) -> String {
        let own = self.url.as_deref().map(|url| url.trim_end_matches('/'));
        own.map_or_else(|| format!("http://127.0.0.1:{}", self.port), str::to_owned)
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.environment
            .iter()
            .find(|variable| variable.name == name)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.variable(name)
            .map(|variable| variable.setting.value.as_str())
    }
}

/// Computes the topology.
///
/// `layers` holds the assignments of every file that the cluster file names.
///
/// # Errors
/// A contradiction within the files that leaves no topology to speak of.
pub fn resolve(
    file: &ClusterFile,
    layers: &BTreeMap<String, Vec<Assignment>>,
    selection: &Selection,
) -> Result<Topology, Problem> {
    if file.version != 1 {
        let message = format!(
            "version {} is unknown; this tool reads version 1",
            file.version
        );
        return Err(Problem::of_file(CLUSTER_FILE, message));
    }
    let mode = selection.mode.unwrap_or(file.modes.default);
    let profile = selection
        .profile
        .clone()
        .unwrap_or_else(|| file.profiles.default.clone());
    let services = file
        .services
        .iter()
        .map(|service| resolve_service(file, service, layers, mode, &profile, selection))
        .collect::<Result<Vec<_>, _>>()?;
    let shared = merge(&shared_layers(file, mode), layers, &of_all(&profile), true)?;
    Ok(Topology {
        engine: engine(file, selection),
        mode,
        profile,
        port_offset: selection.port_offset,
        split: selection.split,
        database: Database {
            port: shifted(file.database.port, 0, selection.port_offset)?,
            name: if selection.split {
                file.database.split.tasks.clone()
            } else {
                file.database.name.clone()
            },
            queues: selection.split.then(|| file.database.split.queues.clone()),
            role: file.database.role.clone(),
            max_connections: max_connections(file, &services, selection.split),
            major: file.database.major,
            pgmq: file.database.pgmq.clone(),
        },
        pools: file.pools,
        shared,
        services,
    })
}

/// The layers below the services' own.
fn shared_layers(file: &ClusterFile, mode: Mode) -> Vec<&String> {
    let mut files = vec![&file.environment.base, &file.environment.test];
    if mode != Mode::Single {
        files.push(&file.environment.cluster);
    }
    files
}

fn engine(file: &ClusterFile, selection: &Selection) -> Engine {
    match &selection.engine {
        None => Engine {
            version: file.engine.version.clone(),
            path: None,
            commit: None,
            content: None,
            migrations: file.engine.migrations.clone(),
        },
        Some(own) => Engine {
            version: own.version.clone(),
            path: Some(own.path.clone()),
            commit: own.commit.clone(),
            content: Some(own.content.clone()),
            migrations: own.migrations.clone(),
        },
    }
}

/// As many as all pools may open, so that more instances need no other setting.
fn max_connections(file: &ClusterFile, services: &[Service], split: bool) -> u32 {
    let open: u32 = services
        .iter()
        .flat_map(|service| std::iter::repeat_n(service.role, service.instances.len()))
        .map(|role| file.pools.of(role, split))
        .sum();
    file.database.max_connections.max(open + RESERVE)
}

fn resolve_service(
    file: &ClusterFile,
    service: &ServiceFile,
    layers: &BTreeMap<String, Vec<Assignment>>,
    mode: Mode,
    profile: &str,
    selection: &Selection,
) -> Result<Service, Problem> {
    let count = selection
        .counts
        .get(&service.name)
        .or_else(|| service.instances.get(&mode));
    let count = *count.ok_or_else(|| {
        Problem::of_file(
            CLUSTER_FILE,
            format!(
                "service {}: `instances` has no count for mode {mode}",
                service.name
            ),
        )
    })?;
    let mut files = shared_layers(file, mode);
    files.push(&service.environment);
    let first = if mode == Mode::Single {
        service.single_port
    } else {
        service.port
    };
    let instances = (1..=count)
        .map(|number| {
            let id = format!("{}-{number}", service.name);
            let port = shifted(first, number - 1, selection.port_offset)?;
            let computed = of_instance(service.role, &id, port, profile);
            Ok(Instance {
                id,
                number,
                port,
                grpc_port: shifted(service.grpc_port, number - 1, selection.port_offset)?,
                environment: merge(&files, layers, &computed, false)?,
                url: None,
            })
        })
        .collect::<Result<_, Problem>>()?;
    Ok(Service {
        name: service.name.clone(),
        role: service.role,
        language: service.language.clone(),
        command: service.command.clone(),
        environment: service.environment.clone(),
        variables: merge(&files, layers, &of_all(profile), true)?,
        templates: service.templates.clone(),
        port: shifted(first, 0, selection.port_offset)?,
        ready_timeout_seconds: service.ready_timeout_seconds,
        stop_timeout_seconds: service.stop_timeout_seconds,
        instances,
    })
}

fn shifted(base: u16, index: u16, offset: u16) -> Result<u16, Problem> {
    base.checked_add(index)
        .and_then(|port| port.checked_add(offset))
        .ok_or_else(|| {
            let message = format!("port {base} + {index} with offset {offset} is beyond 65535");
            Problem::of_file(CLUSTER_FILE, message)
        })
}
