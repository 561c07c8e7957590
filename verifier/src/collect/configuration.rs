//! Reads what the project's files say.

use std::path::Path;

use super::{engine_file, template};
use crate::evidence::{Configuration, RenderedFile, StrayDotenv, SystemView};
use crate::known::Known;
use crate::project::Project;
use crate::topology::render::{Artifact, EngineSources};
use crate::topology::{Problem, Topology, parse_dotenv, render};

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
            file.or_insert_with(|| engine_file::read(project, path));
        }
        if let Some(path) = instance.value("TASKER_TEMPLATE_PATH") {
            add_root(project, &mut configuration, path);
        }
        let folder = project.state.join("run").join(&instance.id);
        if let Some(dotenv) = stray_dotenv(&folder) {
            configuration
                .stray_dotenv
                .insert(instance.id.clone(), dotenv);
        }
    }
    for path in topology
        .services
        .iter()
        .filter_map(|it| it.templates.as_ref())
    {
        add_root(project, &mut configuration, path);
    }
    configuration.test_variables = std::env::vars()
        .filter(|(name, _)| name.starts_with("TASKER_TEST_"))
        .collect();
    // A file that does not parse stops `check` before this: nothing is lost here.
    configuration.accepted = Known::load(&project.root).unwrap_or_default().entries;
    configuration
}

/// Adds the template roots that running processes really have, where they are others than the rendered ones.
pub fn add_live_roots(project: &Project, configuration: &mut Configuration, system: &SystemView) {
    for process in &system.processes {
        let Some(path) = process.variable("TASKER_TEMPLATE_PATH") else {
            continue;
        };
        let relative = Path::new(path).strip_prefix(&project.root).ok();
        let rendered = relative.and_then(|path| path.to_str());
        if !rendered.is_some_and(|path| configuration.template_roots.contains_key(path)) {
            add_root(project, configuration, path);
        }
    }
}

fn add_root(project: &Project, configuration: &mut Configuration, path: &str) {
    configuration
        .template_roots
        .entry(path.to_owned())
        .or_insert_with(|| template::read_root(project, path));
}

/// The dotenv file that the engine loads in a folder: the nearest one, upwards to the root of the disk.
fn stray_dotenv(folder: &Path) -> Option<StrayDotenv> {
    let path = folder
        .ancestors()
        .map(|folder| folder.join(".env"))
        .find(|path| path.is_file())?;
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let shown = path.display().to_string();
    // Lines that we do not understand say nothing about those that we do.
    let lines = text
        .lines()
        .enumerate()
        .flat_map(|(index, line)| {
            let read = parse_dotenv(&shown, line).unwrap_or_default();
            read.into_iter().map(move |it| (it.name, index + 1))
        })
        .collect();
    Some(StrayDotenv { path: shown, lines })
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
