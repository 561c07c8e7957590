//! Reads the cluster file and its environment layers from disk.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::ClusterFile;
use super::{Assignment, Problem, Selection, Topology, parse_dotenv, resolve};

/// Where the cluster is described, relative to the project root.
pub const CLUSTER_FILE: &str = "config/cluster.toml";

/// Reads the topology of `root` under a selection.
///
/// # Errors
/// Every defect found in the files that it reads; at least one.
pub fn load(root: &Path, selection: &Selection) -> Result<Topology, Vec<Problem>> {
    let file = load_file(root)?;
    let layers = load_layers(root, &file)?;
    resolve(&file, &layers, selection).map_err(|problem| vec![problem])
}

/// Reads `config/cluster.toml` alone.
///
/// # Errors
/// Its absence or the first place where it does not parse.
pub fn load_file(root: &Path) -> Result<ClusterFile, Vec<Problem>> {
    let text = read(root, CLUSTER_FILE).map_err(|problem| vec![problem])?;
    toml::from_str(&text).map_err(|error| vec![Problem::from_toml(CLUSTER_FILE, &text, &error)])
}

fn load_layers(
    root: &Path,
    file: &ClusterFile,
) -> Result<BTreeMap<String, Vec<Assignment>>, Vec<Problem>> {
    let shared = [
        &file.environment.base,
        &file.environment.test,
        &file.environment.cluster,
    ];
    let own = file.services.iter().map(|service| &service.environment);
    let mut layers = BTreeMap::new();
    let mut problems = Vec::new();
    for path in shared.into_iter().chain(own) {
        match read(root, path).and_then(|text| parse_dotenv(path, &text)) {
            Ok(assignments) => {
                layers.insert(path.clone(), assignments);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(layers)
    } else {
        Err(problems)
    }
}

fn read(root: &Path, path: &str) -> Result<String, Problem> {
    std::fs::read_to_string(root.join(path))
        .map_err(|error| Problem::of_file(path, format!("cannot be read: {error}")))
}
