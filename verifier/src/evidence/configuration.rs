//! What the files of the project say: seen on disk, before anything runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::known::Entry;
use crate::topology::{Instance, Problem, Role};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Configuration {
    /// Why `config/cluster.toml` or a layer does not parse.
    pub problems: Vec<Problem>,
    pub rendered: Vec<RenderedFile>,
    /// Engine configuration files, by the path that an instance's environment names.
    pub engine_files: BTreeMap<String, EngineFile>,
    /// Template roots, by the path that an instance's environment, a service or a running process names.
    pub template_roots: BTreeMap<String, TemplateRoot>,
    /// By instance: the dotenv file that the engine would load.
    pub stray_dotenv: BTreeMap<String, StrayDotenv>,
    /// The variables of the caller's shell that tell tests where the cluster is.
    pub test_variables: BTreeMap<String, String>,
    /// The entries of `config/findings.toml`.
    pub accepted: Vec<Entry>,
}

impl Configuration {
    /// How the instance is told of messages; none when its engine's file was not read or does not say.
    pub fn deployment_mode(&self, role: Role, instance: &Instance) -> Option<&str> {
        let file = self
            .engine_files
            .get(instance.value("TASKER_CONFIG_PATH")?)?;
        file.settings.get(deployment_mode_key(role))?.as_str()
    }

    fn template(&self, namespace: &str, name: &str) -> Option<&Template> {
        let mut templates = self.template_roots.values().flat_map(|it| &it.templates);
        templates.find(|it| it.namespace == namespace && it.name == name)
    }

    /// How many steps the template has, without those that a batch adds; most where it was not read.
    pub fn steps(&self, namespace: &str, template: &str) -> usize {
        let found = self.template(namespace, template);
        found.map_or(usize::MAX, |template| template.steps.len())
    }

    /// The domain events that a task of this template leaves in its namespace's queue when all goes well.
    pub fn durable_events(&self, namespace: &str, template: &str) -> Vec<&str> {
        let found = self.template(namespace, template);
        let steps = found.into_iter().flat_map(|template| &template.steps);
        steps
            .flat_map(|step| &step.durable_events)
            .map(String::as_str)
            .collect()
    }
}

/// The key under which an engine's file says how an instance of this role is told of messages: `Hybrid`,
/// `EventDrivenOnly` or `PollingOnly`.
pub const fn deployment_mode_key(role: Role) -> &'static str {
    match role {
        Role::Orchestration => "orchestration.event_systems.orchestration.deployment_mode",
        Role::Worker => "worker.event_systems.worker.deployment_mode",
    }
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
    /// Every other value by its dotted path, with placeholders as they stand there.
    pub settings: BTreeMap<String, Value>,
    /// In the order of the text.
    pub placeholders: Vec<Placeholder>,
}

/// `${NAME}` or `${NAME:-default}`: the engine replaces it before it parses, even in a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholder {
    pub name: String,
    pub default: Option<String>,
    /// Counted from 1.
    pub line: usize,
}

/// The engine takes the nearest `.env` from its working folder upwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrayDotenv {
    pub path: String,
    /// The line of each variable; the values are nobody's business.
    pub lines: BTreeMap<String, usize>,
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
    /// Dotted paths of what the engine ignores without a word.
    pub unknown_fields: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateStep {
    pub name: String,
    pub callable: String,
    pub dependencies: Vec<String>,
    pub max_attempts: Option<i64>,
    /// Domain events that a success leaves in the namespace's queue; those of fast delivery leave nothing.
    #[serde(default)]
    pub durable_events: Vec<String>,
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
