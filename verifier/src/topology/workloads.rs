//! `config/workloads.toml`: what can be sent to the cluster and what must come back.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Problem;

/// Relative to the project root.
pub const WORKLOADS_FILE: &str = "config/workloads.toml";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workloads {
    #[serde(rename = "workload", default)]
    pub all: Vec<Workload>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    pub namespace: String,
    pub template: String,
    pub language: String,
    /// Small, quick and without side effects.
    #[serde(default)]
    pub canary: bool,
    pub context: serde_json::Value,
    /// The state in which the task must come to rest.
    pub outcome: String,
    /// By step: the value of the key `result` in what the step returned.
    #[serde(default)]
    pub results: BTreeMap<String, serde_json::Value>,
    /// By step: how often it is tried until it is over.
    #[serde(default)]
    pub attempts: BTreeMap<String, i64>,
}

#[cfg(test)]
impl Workload {
    /// For tests: small, and complete when it is over.
    pub fn example() -> Self {
        Self {
            namespace: "mail".into(),
            template: "send".into(),
            language: "rust".into(),
            canary: true,
            context: serde_json::json!({}),
            outcome: "complete".into(),
            results: BTreeMap::new(),
            attempts: BTreeMap::new(),
        }
    }
}

impl Workloads {
    /// Reads the file; without one there are no canaries.
    ///
    /// # Errors
    /// The place where it does not parse.
    pub fn load(root: &Path) -> Result<Self, Problem> {
        match std::fs::read_to_string(root.join(WORKLOADS_FILE)) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| Problem::from_toml(WORKLOADS_FILE, &text, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Problem::of_file(
                WORKLOADS_FILE,
                format!("cannot be read: {error}"),
            )),
        }
    }

    /// Reads a file of another cluster, which must be there.
    ///
    /// # Errors
    /// It cannot be read, or the place where it does not parse.
    pub fn load_file(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Problem::of_file(&name, format!("cannot be read: {error}")))?;
        toml::from_str(&text).map_err(|error| Problem::from_toml(&name, &text, &error))
    }

    /// One workload for each namespace that has a canary.
    pub fn canaries(&self) -> impl Iterator<Item = &Workload> {
        self.all.iter().filter(|workload| workload.canary)
    }
}
