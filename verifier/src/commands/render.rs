//! `render`: writes what is rendered from the topology, or says what is stale.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{RenderArgs, SelectionArgs};
use crate::collect::configuration::{compare, engine_sources};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::topology::render::{Artifact, artifacts, run_artifacts};
use crate::topology::{self, OwnEngine, Selection};

pub fn run(given: Option<&Path>, args: &RenderArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let mut selection = selection(&project, &args.selection)?;
    selection.engine = args.engine.as_deref().map(own_engine).transpose()?;
    if args.run {
        return render_run(&project, &selection);
    }
    if args.selection.is_given() {
        return Err(Error::Usage(
            "--mode, --profile, --split and --port-offset describe one run, and the checked-in files are the default's: \
             add --run"
                .to_owned(),
        ));
    }
    let topology =
        topology::load(&project.root, &Selection::default()).map_err(Error::Configuration)?;
    let sources =
        engine_sources(&project).map_err(|problem| Error::Configuration(vec![problem]))?;
    let artifacts =
        artifacts(&topology, &sources).map_err(|problem| Error::Configuration(vec![problem]))?;
    if args.check {
        return check(&project, &artifacts);
    }
    for artifact in &artifacts {
        let path = project.path(&artifact.path);
        if std::fs::read_to_string(&path).is_ok_and(|text| text == artifact.content) {
            continue;
        }
        write(&path, &artifact.content)?;
        super::print(&format!("wrote {}\n", artifact.path))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `./dev` recorded of the checkout that it built against.
fn own_engine(record: &Path) -> Result<OwnEngine> {
    let text = std::fs::read_to_string(record).map_err(|source| Error::Io {
        action: "read",
        path: record.to_path_buf(),
        source,
    })?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Usage(format!("{}: {error}", record.display())))
}

/// The options over the environment over the defaults.
pub fn selection(project: &Project, args: &SelectionArgs) -> Result<Selection> {
    let file = topology::load_file(&project.root).map_err(Error::Configuration)?;
    let services = file.services.iter().map(|service| service.name.as_str());
    let mut selection = Selection::default()
        .with_environment(services, |name| std::env::var(name).ok())
        .map_err(Error::Usage)?;
    selection.mode = args.mode.or(selection.mode);
    selection.profile = args.profile.clone().or(selection.profile);
    selection.port_offset = args.port_offset.unwrap_or(selection.port_offset);
    selection.split = args.split;
    let profiles = engine_sources(project)
        .map_err(|problem| Error::Configuration(vec![problem]))?
        .profiles;
    if let Some(profile) = &selection.profile
        && !profiles.contains_key(profile)
    {
        let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
        return Err(Error::Usage(format!(
            "no engine profile `{profile}`; there are {}",
            known.join(", ")
        )));
    }
    Ok(selection)
}

/// The files of one run go to the state folder, never over the checked-in ones.
fn render_run(project: &Project, selection: &Selection) -> Result<ExitCode> {
    // What is recorded there is what the running cluster is judged by.
    if UnixStream::connect(project.supervisor_socket()).is_ok() {
        return Err(Error::Usage(
            "a cluster runs here, and its own files lie where these would go; `./dev down` stops it"
                .to_owned(),
        ));
    }
    let topology = topology::load(&project.root, selection).map_err(Error::Configuration)?;
    for artifact in run_artifacts(&topology, &project.state.display().to_string()) {
        let name = Path::new(&artifact.path).file_name().unwrap_or_default();
        let path = project.state.join(name);
        write(&path, &artifact.content)?;
        super::print(&format!("{}\n", path.display()))?;
    }
    let record = serde_json::to_string(selection).unwrap_or_default();
    write(&project.selection_file(), &record)?;
    Ok(ExitCode::SUCCESS)
}

fn check(project: &Project, artifacts: &[Artifact]) -> Result<ExitCode> {
    let stale: Vec<String> = artifacts
        .iter()
        .map(|artifact| compare(project, artifact))
        .filter(|file| !file.exists || file.first_difference.is_some())
        .map(|file| match file.first_difference {
            Some(line) => format!("{}:{line}: is not what config/ renders to", file.path),
            None => format!("{}: is missing", file.path),
        })
        .collect();
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Error::Stale(format!(
        "{}\nrun `cluster-verify render`",
        stale.join("\n")
    )))
}

fn write(path: &Path, content: &str) -> Result<()> {
    let failed = |source| Error::Io {
        action: "write",
        path: path.to_path_buf(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // A reader must never meet half a file.
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, content).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
