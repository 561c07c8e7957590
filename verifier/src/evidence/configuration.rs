//! What the files of the project say: seen on disk, before anything runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::topology::Problem;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Configuration {
    /// Why `config/cluster.toml` or a layer does not parse.
    pub problems: Vec<Problem>,
    pub rendered: Vec<RenderedFile>,
    /// Engine configuration files, by the path that an instance's environment names.
    pub engine_files: BTreeMap<String, EngineFile>,
    /// Template roots, by the path that an instance's environment names.
    pub template_roots: BTreeMap<String, TemplateRoot>,
    /// By instance: dotenv files in its working folder, which the engine would load.
    pub stray_dotenv: BTreeMap<String, String>,
}

/// A rendered file against what the topology renders to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedFile {
    pub path: String,
    pub exists: bool,
    /// First line that differs, counted from 1; none when the file is current.
    pub first_difference: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathState {
    Missing,
    File,
    Folder,
    Other,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineFile {
    pub state: PathState,
    /// Why it is no TOML.
    pub problem: Option<Problem>,
    /// Dotted paths of the tables in it, such as `orchestration.web`.
    pub tables: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateRoot {
    pub state: PathState,
    pub templates: Vec<Template>,
    /// Files that are no template: path and reason.
    pub problems: Vec<Problem>,
}

/// A task template, as far as the verifier judges it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub path: String,
    pub namespace: String,
    pub name: String,
    pub version: String,
    pub steps: Vec<TemplateStep>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateStep {
    pub name: String,
    pub callable: String,
    pub dependencies: Vec<String>,
    pub max_attempts: Option<i64>,
}

impl TemplateRoot {
    /// Namespaces that a worker with this root serves, sorted, each once.
    pub fn namespaces(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .templates
            .iter()
            .map(|template| template.namespace.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
