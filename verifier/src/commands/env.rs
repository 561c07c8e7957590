//! `env`: every variable of an instance and which line set it, or the variables of the tests; printed or written.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::EnvArgs;
use crate::collect::postgres;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::topology::render::test_variables;
use crate::topology::{self, Instance, Setting, Topology};

/// Variables that name something below the project's root.
const PATHS: [&str; 2] = ["TASKER_CONFIG_PATH", "TASKER_TEMPLATE_PATH"];

pub fn run(given: Option<&Path>, args: &EnvArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let selection = project.recorded_selection()?;
    let topology = topology::load(&project.root, &selection).map_err(Error::Configuration)?;
    let instance = match &args.instance {
        Some(id) => Some(find(&topology, id)?),
        None => None,
    };
    if let Some(file) = &args.write {
        return write(&project, &topology, instance, file.as_deref());
    }
    super::print(&match instance {
        Some(instance) if args.provenance => provenance(instance),
        Some(instance) => dotenv(&of_instance(instance)),
        None => dotenv(&test_variables(&topology)),
    });
    Ok(ExitCode::SUCCESS)
}

fn find<'a>(topology: &'a Topology, id: &str) -> Result<&'a Instance> {
    let found = topology.instance(id).map(|(_, instance)| instance);
    found.ok_or_else(|| {
        let ids: Vec<&str> = topology
            .instances()
            .map(|(_, instance)| instance.id.as_str())
            .collect();
        Error::Usage(format!("no instance `{id}`; there are {}", ids.join(", ")))
    })
}

fn of_instance(instance: &Instance) -> Vec<(String, String)> {
    instance
        .environment
        .iter()
        .map(|variable| (variable.name.clone(), variable.setting.value.clone()))
        .collect()
}

/// As a dotenv file, which a shell can read too.
fn dotenv(variables: &[(String, String)]) -> String {
    variables
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)))
        .collect()
}

fn quoted(value: &str) -> String {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || "_-./:,=@%+*[]{}".contains(letter);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Each variable, the line that set it, and what that overrode, nearest first.
fn provenance(instance: &Instance) -> String {
    let mut text = String::new();
    let line = |setting: &Setting| format!("{} ({})", setting.value, setting.origin);
    for variable in &instance.environment {
        text.push_str(&format!("{}={}\n", variable.name, line(&variable.setting)));
        for overrode in variable.overrode.iter().rev() {
            text.push_str(&format!("    over {}\n", line(overrode)));
        }
    }
    text
}

/// Writes the variables with what only this machine knows: the password and absolute paths.
fn write(
    project: &Project,
    topology: &Topology,
    instance: Option<&Instance>,
    file: Option<&Path>,
) -> Result<ExitCode> {
    let name = instance.map_or("tests", |instance| instance.id.as_str());
    let path = match file {
        Some(file) => std::path::absolute(file).map_err(|source| failed(file, source))?,
        None => project.state.join("env").join(format!("{name}.env")),
    };
    refuse_leak(project, &path)?;
    let mut variables = instance.map_or_else(|| test_variables(topology), of_instance);
    for (name, value) in &mut variables {
        if PATHS.contains(&name.as_str()) {
            *value = project.path(value).display().to_string();
        }
    }
    let urls = postgres::urls(project, topology).map_err(|unseen| Error::Unavailable {
        what: unseen.what,
        why: unseen.why,
        hint: "`./dev up` makes the database and its password".into(),
    })?;
    variables.extend(urls);
    private(&path, &dotenv(&variables))?;
    super::print(&format!("{}\n", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// A `.env` above the instances' working folders is loaded by every one of them.
fn refuse_leak(project: &Project, path: &Path) -> Result<()> {
    let is_dotenv = path.file_name().is_some_and(|name| name == ".env");
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let state = project
        .state
        .canonicalize()
        .unwrap_or_else(|_| project.state.clone());
    if is_dotenv && folder.is_some_and(|folder| state.starts_with(folder)) {
        return Err(Error::Usage(format!(
            "{}: every instance would load it, since the engine takes the nearest .env above its \
             working folder; choose another name, such as tests.env",
            path.display()
        )));
    }
    Ok(())
}

/// There is a password in it: nobody else may read it at any moment.
fn private(path: &Path, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let temporary: PathBuf = path.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|source| {
        let _ = std::fs::remove_file(&temporary);
        failed(path, source)
    })
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        action: "write",
        path: path.to_path_buf(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_only_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted("warn,sqlx::query=error"), "warn,sqlx::query=error");
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("two words"), "'two words'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
