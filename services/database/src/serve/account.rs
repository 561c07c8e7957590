//! PostgreSQL refuses to run as root. As root we hand it to the account `nobody`; the only place that knows.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use instance::Failure;
use nix::unistd::{Uid, User};

use crate::settings::Settings;

const NAME: &str = "nobody";

/// The unprivileged account that the server runs as.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// `nobody` when we are root; else none, and the server runs as whoever we are.
    pub fn for_server() -> Result<Option<Self>, Failure> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        match User::from_name(NAME) {
            Ok(Some(user)) => Ok(Some(Self {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            })),
            _ => Err(Failure::configuration(format!(
                "this is root, which PostgreSQL refuses, and there is no account `{NAME}`: start the cluster as another user"
            ))),
        }
    }

    /// Fails when the account cannot enter one of the folders that the server needs, naming the one that bars the way.
    pub fn ensure_reach(&self, settings: &Settings) -> Result<(), Failure> {
        let needed = [
            ("TASKER_POSTGRES_HOME", Some(&settings.home)),
            ("TASKER_POSTGRES_BIN", settings.bin.as_ref()),
            (
                "TASKER_PGMQ_EXTENSION_PATH",
                settings.extension_path.as_ref(),
            ),
        ];
        for (variable, path) in needed {
            let Some(path) = path else { continue };
            if let Some(barred) = self.barred_at(path) {
                return Err(Failure::configuration(format!(
                    "as root PostgreSQL runs as `{NAME}`, which cannot enter {} on the way to {}: set {variable} to a folder \
                     outside it",
                    barred.display(),
                    path.display()
                )));
            }
        }
        Ok(())
    }

    /// The first folder on the way to `path`, itself included, that the account may not enter.
    fn barred_at(&self, path: &Path) -> Option<PathBuf> {
        let path = fs::canonicalize(path).ok()?;
        let mut folders: Vec<&Path> = path.ancestors().collect();
        folders.reverse();
        folders
            .into_iter()
            .find(|folder| !self.may_enter(folder))
            .map(Path::to_path_buf)
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::metadata(folder) else {
            return false;
        };
        let mode = metadata.permissions().mode();
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        mode & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_bars_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(folder.path().join("a"), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account {
            uid: 4_000_000,
            gid: 4_000_000,
        };

        let barred = stranger.barred_at(&inner).unwrap();

        assert_eq!(barred, fs::canonicalize(folder.path().join("a")).unwrap());
    }

    #[test]
    fn an_owner_may_enter_what_others_may_not() {
        let folder = tempfile::tempdir().unwrap();
        let metadata = fs::metadata(folder.path()).unwrap();
        let owner = Account {
            uid: metadata.uid(),
            gid: 4_000_000,
        };

        assert!(owner.may_enter(folder.path()));
    }
}
