//! Reads what the project's files say.

use std::path::Path;

use serde::Deserialize;

use crate::evidence::{
    Configuration, EngineFile, PathState, RenderedFile, Template, TemplateRoot, TemplateStep,
};
use crate::project::Project;
use crate::topology::render::{Artifact, EngineSources};
use crate::topology::{Problem, Topology, render};

const PROFILES: &str = "config/tasker/profiles";
const BASE: &str = "config/tasker/base.toml";

/// Looks at every file that the topology names.
///
/// `topology` is the running one; `rendered_from` is the default one, which the
/// checked-in files must be rendered from.
pub fn collect(project: &Project, topology: &Topology, rendered_from: &Topology) -> Configuration {
    let mut configuration = Configuration::default();
    match engine_sources(project).and_then(|sources| render::artifacts(rendered_from, &sources)) {
        Ok(artifacts) => {
            configuration.rendered = artifacts
                .iter()
                .map(|artifact| compare(project, artifact))
                .collect();
        }
        Err(problem) => configuration.problems.push(problem),
    }
    for (_, instance) in topology.instances() {
        if let Some(path) = instance.value("TASKER_CONFIG_PATH") {
            let file = configuration.engine_files.entry(path.to_owned());
            file.or_insert_with(|| engine_file(project, path));
        }
        if let Some(path) = instance.value("TASKER_TEMPLATE_PATH") {
            let root = configuration.template_roots.entry(path.to_owned());
            root.or_insert_with(|| template_root(project, path));
        }
        let dotenv = project.state.join("run").join(&instance.id).join(".env");
        if dotenv.exists() {
            let path = dotenv.display().to_string();
            configuration.stray_dotenv.insert(instance.id.clone(), path);
        }
    }
    configuration
}

/// Reads the sources of the engine's configuration.
///
/// # Errors
/// The file that cannot be read.
pub fn engine_sources(project: &Project) -> Result<EngineSources, Problem> {
    let read = |path: &str| {
        std::fs::read_to_string(project.path(path))
            .map_err(|error| Problem::of_file(path, format!("cannot be read: {error}")))
    };
    let mut sources = EngineSources {
        base: read(BASE)?,
        ..EngineSources::default()
    };
    let folder = std::fs::read_dir(project.path(PROFILES))
        .map_err(|error| Problem::of_file(PROFILES, format!("cannot be read: {error}")))?;
    for entry in folder.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(profile) = name.strip_suffix(".toml") {
            sources
                .profiles
                .insert(profile.to_owned(), read(&format!("{PROFILES}/{name}"))?);
        }
    }
    Ok(sources)
}

/// Holds a rendered file on disk against its content.
pub fn compare(project: &Project, artifact: &Artifact) -> RenderedFile {
    let path = artifact.path.clone();
    let Ok(text) = std::fs::read_to_string(project.path(&path)) else {
        return RenderedFile {
            path,
            exists: false,
            first_difference: None,
        };
    };
    let first_difference = (text != artifact.content).then(|| {
        let same = text
            .lines()
            .zip(artifact.content.lines())
            .take_while(|(a, b)| a == b)
            .count();
        same + 1
    });
    RenderedFile {
        path,
        exists: true,
        first_difference,
    }
}

fn state(path: &Path) -> PathState {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => PathState::File,
        Ok(metadata) if metadata.is_dir() => PathState::Folder,
        Ok(_) => PathState::Other,
        Err(_) => PathState::Missing,
    }
}

fn engine_file(project: &Project, path: &str) -> EngineFile {
    let absolute = project.path(path);
    let mut file = EngineFile {
        state: state(&absolute),
        problem: None,
        tables: Vec::new(),
    };
    let Ok(text) = std::fs::read_to_string(&absolute) else {
        return file;
    };
    match toml::from_str::<toml::Table>(&text) {
        Ok(table) => list_tables("", &table, &mut file.tables),
        Err(error) => file.problem = Some(Problem::from_toml(path, &text, &error)),
    }
    file
}

fn list_tables(prefix: &str, table: &toml::Table, names: &mut Vec<String>) {
    for (key, value) in table {
        if let toml::Value::Table(inner) = value {
            let name = if prefix.is_empty() {
                key.clone()
            } else {
                format!("{prefix}.{key}")
            };
            list_tables(&name, inner, names);
            names.push(name);
        }
    }
}

#[derive(Deserialize)]
struct TemplateFile {
    name: String,
    namespace_name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    steps: Vec<StepFile>,
}

#[derive(Deserialize)]
struct StepFile {
    name: String,
    handler: HandlerFile,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    retry: RetryFile,
}

#[derive(Deserialize)]
struct HandlerFile {
    callable: String,
}

#[derive(Default, Deserialize)]
struct RetryFile {
    max_attempts: Option<i64>,
}

/// Reads a template root as the engine does: every YAML file below it.
pub fn template_root(project: &Project, path: &str) -> TemplateRoot {
    let absolute = project.path(path);
    let state = state(&absolute);
    let mut root = TemplateRoot {
        state,
        templates: Vec::new(),
        problems: Vec::new(),
    };
    let mut folders = vec![absolute];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let file = entry.path();
            if file.is_dir() {
                folders.push(file);
            } else if file
                .extension()
                .is_some_and(|ending| ending == "yaml" || ending == "yml")
            {
                let shown = file.strip_prefix(&project.root).unwrap_or(&file);
                let shown = shown.display().to_string();
                match read_template(&file, &shown) {
                    Ok(template) => root.templates.push(template),
                    Err(problem) => root.problems.push(problem),
                }
            }
        }
    }
    root.templates.sort_by(|a, b| a.path.cmp(&b.path));
    root
}

fn read_template(file: &Path, shown: &str) -> Result<Template, Problem> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Problem::of_file(shown, format!("cannot be read: {error}")))?;
    let parsed: TemplateFile = serde_norway::from_str(&text).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((0, 0), |at| (at.line(), at.column()));
        Problem::at(shown, line, column, error.to_string())
    })?;
    Ok(Template {
        path: shown.to_owned(),
        namespace: parsed.namespace_name,
        name: parsed.name,
        version: parsed.version,
        steps: parsed
            .steps
            .into_iter()
            .map(|step| TemplateStep {
                name: step.name,
                callable: step.handler.callable,
                dependencies: step.dependencies,
                max_attempts: step.retry.max_attempts,
            })
            .collect(),
    })
}
