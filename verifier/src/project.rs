//! Where the project and its state are.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::topology::{CLUSTER_FILE, Selection};

/// The checkout that holds `config/cluster.toml`, and the folder of its running cluster.
#[derive(Debug, Clone)]
pub struct Project {
    pub root: PathBuf,
    pub state: PathBuf,
}

impl Project {
    /// The given folder, else the nearest one upwards from here that has a cluster file,
    /// else the one that the project's shell names.
    ///
    /// # Errors
    /// None of them has a cluster file, or the shell is another checkout's.
    pub fn find(given: Option<&Path>) -> Result<Self> {
        let root = match given {
            Some(folder) => Some(absolute(folder)?),
            None => {
                let here = absolute(Path::new("."))?;
                let upwards = here
                    .ancestors()
                    .find(|folder| folder.join(CLUSTER_FILE).is_file());
                upwards
                    .map(Path::to_path_buf)
                    .or_else(|| std::env::var_os("TASKER_CLUSTER_ROOT").map(PathBuf::from))
            }
        };
        let root = root.filter(|folder| folder.join(CLUSTER_FILE).is_file()).ok_or_else(|| {
            Error::Usage(format!(
                "no {CLUSTER_FILE} here or above; run this in the project or pass `--project DIR`"
            ))
        })?;
        refuse_another_shell(&root)?;
        let state = std::env::var_os("TASKER_CLUSTER_STATE")
            .map_or_else(|| root.join(".cluster"), PathBuf::from);
        Ok(Self { root, state })
    }

    /// A path of the topology, which is relative to the root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// What the running cluster was started with; the default when nothing was recorded.
    ///
    /// # Errors
    /// The record exists and cannot be read, or does not parse.
    pub fn recorded_selection(&self) -> Result<Selection> {
        let path = self.selection_file();
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| Error::Usage(format!("{}: {error}; delete it", path.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Selection::default()),
            Err(source) => Err(Error::Io {
                action: "read",
                path,
                source,
            }),
        }
    }

    pub fn selection_file(&self) -> PathBuf {
        self.state.join("selection.json")
    }

    /// Where each instance's log is, by its id.
    pub fn log(&self, instance: &str) -> PathBuf {
        self.state.join("logs").join(format!("{instance}.log"))
    }

    /// Where process-compose listens; elsewhere when the state folder's path is too long for a socket.
    pub fn supervisor_socket(&self) -> PathBuf {
        let named = std::env::var_os("PC_SOCKET_PATH").filter(|path| !path.is_empty());
        named.map_or_else(|| self.state.join("pc.sock"), |path| self.root.join(path))
    }
}

/// What the shell of another checkout left behind leads to that one's cluster: `tools/env.sh` takes it for nobody's wish
/// by the same rule, and a state folder that somebody chose is another one.
fn refuse_another_shell(root: &Path) -> Result<()> {
    let Some(other) = std::env::var_os("TASKER_CLUSTER_ROOT").map(PathBuf::from) else {
        return Ok(());
    };
    if other == root || absolute(&other).is_ok_and(|other| other == root) {
        return Ok(());
    }
    let theirs = other.join(".cluster");
    let leads_there = |name: &&str| {
        std::env::var_os(name).is_some_and(|value| Path::new(&value).starts_with(&theirs))
    };
    let Some(name) = ["TASKER_CLUSTER_STATE", "PC_SOCKET_PATH"]
        .into_iter()
        .find(leads_there)
    else {
        return Ok(());
    };
    Err(Error::Usage(format!(
        "{name} of this shell is the cluster of {}, and this is {}; run `./dev shell` here, or \
         `unset TASKER_CLUSTER_ROOT TASKER_CLUSTER_STATE PC_SOCKET_PATH`",
        other.display(),
        root.display()
    )))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|source| Error::Io {
        action: "open",
        path: path.to_path_buf(),
        source,
    })
}
