//! The shape of `config/cluster.toml`, before anything is computed from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::selection::Mode;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterFile {
    /// Version of this file's format; only 1 exists.
    pub version: u32,
    pub engine: EngineFile,
    pub database: DatabaseFile,
    pub pools: PoolsFile,
    pub environment: LayersFile,
    pub modes: ModesFile,
    pub profiles: ProfilesFile,
    #[serde(rename = "service")]
    pub services: Vec<ServiceFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineFile {
    pub version: String,
    /// Versions of the migrations that the engine ships, ascending.
    pub migrations: Vec<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseFile {
    pub port: u16,
    pub name: String,
    /// What `--split` works on instead.
    pub split: SplitFile,
    pub role: String,
    /// At least; a run whose pools may open more gets as many.
    pub max_connections: u32,
    /// Major version of PostgreSQL.
    pub major: u32,
    /// Oldest version of the extension pgmq that will do.
    pub pgmq: String,
}

/// Two databases of which neither is the one of other runs: switching leaves no queue in the wrong one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitFile {
    pub tasks: String,
    pub queues: String,
}

/// Connections that an instance opens at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolsFile {
    pub orchestration: ServerPools,
    pub worker: WorkerPools,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerPools {
    pub main: u32,
    /// For the queues, where they have a database of their own.
    pub queues: u32,
    /// For requests.
    pub web: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerPools {
    pub main: u32,
    /// For the queues, where they have a database of their own.
    pub queues: u32,
}

impl PoolsFile {
    /// The most that one instance opens.
    pub const fn of(&self, role: Role, split: bool) -> u32 {
        let (shared, queues) = match role {
            Role::Orchestration => (
                self.orchestration.main + self.orchestration.web,
                self.orchestration.queues,
            ),
            Role::Worker => (self.worker.main, self.worker.queues),
        };
        shared + if split { queues } else { 0 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayersFile {
    pub base: String,
    pub test: String,
    pub cluster: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModesFile {
    pub default: Mode,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfilesFile {
    pub default: String,
}

/// What a service does for the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Orchestration,
    Worker,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceFile {
    pub name: String,
    pub role: Role,
    pub language: Option<String>,
    pub command: Vec<String>,
    /// The service's own environment layer.
    pub environment: String,
    /// Folder of the templates that its workers serve.
    pub templates: Option<String>,
    /// REST port of the first instance; the others follow.
    pub port: u16,
    pub grpc_port: u16,
    /// REST port in mode `single`.
    pub single_port: u16,
    pub instances: BTreeMap<Mode, u16>,
    pub ready_timeout_seconds: u32,
    pub stop_timeout_seconds: u32,
}
