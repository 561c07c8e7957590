//! The cluster as it should be: a pure model of `config/cluster.toml` and what is rendered from it.

mod dotenv;
mod environment;
mod file;
mod foreign;
mod load;
mod problem;
pub mod render;
mod resolve;
mod selection;
mod workloads;

pub use dotenv::{Assignment, parse as parse_dotenv};
pub use file::{ClusterFile, DatabaseFile, PoolsFile, Role, ServiceFile};
pub use foreign::ForeignCluster;
pub use load::{CLUSTER_FILE, load, load_file};
pub use problem::Problem;
pub use resolve::{
    Database, Engine, Instance, Origin, RESERVE, SERVICE_VARIABLES, Service, Setting, Topology,
    Variable, resolve,
};
pub use selection::{MAX_INSTANCES, Mode, OwnEngine, Selection};
pub use workloads::{Workload, Workloads};
