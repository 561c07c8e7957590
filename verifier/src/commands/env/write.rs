//! Writes environments to files: with the databases' password and absolute paths, which only this machine knows.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Subject, dotenv, values};
use crate::collect::postgres;
use crate::commands::print;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::topology::Topology;
use crate::topology::render::test_variables;

/// Variables that name something below the project's root.
const PATHS: [&str; 2] = ["TASKER_CONFIG_PATH", "TASKER_TEMPLATE_PATH"];

/// One file each for the tests and every service.
pub fn all(project: &Project, topology: &Topology, folder: Option<&Path>) -> Result<ExitCode> {
    let services = topology.services.iter().map(Subject::Service);
    for subject in std::iter::once(Subject::Tests).chain(services) {
        let file = folder.map(|folder| folder.join(format!("{}.env", subject.name())));
        one(project, topology, subject, file.as_deref())?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn one(
    project: &Project,
    topology: &Topology,
    subject: Subject<'_>,
    file: Option<&Path>,
) -> Result<ExitCode> {
    let path = match file {
        Some(file) => std::path::absolute(file).map_err(|source| failed(file, source))?,
        None => {
            let folder = project.state.join("env");
            folder.join(format!("{}.env", subject.name()))
        }
    };
    refuse_leak(project, &path)?;
    private(&path, &dotenv(&variables(project, topology, subject)?))?;
    print(&format!("{}\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn variables(
    project: &Project,
    topology: &Topology,
    subject: Subject<'_>,
) -> Result<Vec<(String, String)>> {
    let mut variables = match subject {
        Subject::Tests => {
            let mut variables = values(&topology.shared);
            variables.extend(test_variables(topology));
            variables
        }
        Subject::Service(_) | Subject::Instance(_) => values(subject.layered()),
    };
    for (name, value) in &mut variables {
        if PATHS.contains(&name.as_str()) {
            *value = project.path(value).display().to_string();
        }
    }
    let urls = postgres::urls(project, topology).map_err(|unseen| Error::Unseen {
        what: unseen.what,
        why: unseen.why,
        hint: "`./dev up` makes the database and its password".into(),
    })?;
    variables.extend(urls);
    Ok(variables)
}

/// An instance keeps a `.env` of its own in its working folder, which is empty.
fn refuse_leak(project: &Project, path: &Path) -> Result<()> {
    let is_dotenv = path.file_name().is_some_and(|name| name == ".env");
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let run = project.state.join("run").canonicalize().ok();
    if is_dotenv
        && folder
            .zip(run)
            .is_some_and(|(folder, run)| folder.starts_with(run))
    {
        return Err(Error::Usage(format!(
            "{}: the instance would load it, since the engine takes the .env of its working folder; \
             choose another place",
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
