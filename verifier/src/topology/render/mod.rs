//! What is written from the topology: nothing in these files is edited by hand.

mod engine_config;
mod process_compose;
mod test_environment;

pub use test_environment::variables as test_variables;

use std::collections::BTreeMap;

use super::{Problem, Topology};

/// A file and its content, the path relative to the project root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub path: String,
    pub content: String,
}

pub const PROCESS_COMPOSE: &str = "process-compose.yaml";
pub const TEST_ENVIRONMENT: &str = "config/env/generated/tests.env";

/// Sources of the engine's configuration files.
#[derive(Debug, Clone, Default)]
pub struct EngineSources {
    /// The complete configuration.
    pub base: String,
    /// Overlays by profile name.
    pub profiles: BTreeMap<String, String>,
}

/// Everything that is checked in and rendered.
///
/// # Errors
/// A source of the engine's configuration that is no TOML.
pub fn artifacts(topology: &Topology, sources: &EngineSources) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = run_artifacts(topology, STATE);
    artifacts.extend(engine_config::render(sources, &topology.pools)?);
    Ok(artifacts)
}

/// What depends on one run's selection and state folder.
pub fn run_artifacts(topology: &Topology, state: &str) -> Vec<Artifact> {
    vec![
        Artifact {
            path: PROCESS_COMPOSE.into(),
            content: process_compose::render(topology, state),
        },
        Artifact {
            path: TEST_ENVIRONMENT.into(),
            content: test_environment::render(topology),
        },
    ]
}

/// The state folder of the checked-in files, relative to the project root.
const STATE: &str = ".cluster";

const HEADER: &str =
    "# Written by `cluster-verify render` from config/cluster.toml; edit that instead.\n";
