//! The data folder: there is none, it is ours, or it is something that we leave alone.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use instance::Failure;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::Pid;

use super::account::Account;
use super::{become_account, follow};
use crate::connect::ROLE;
use crate::password;
use crate::settings::Settings;

/// What is at the place of the data folder.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Major(String),
    SomethingElse,
}

fn look(data: &Path) -> Found {
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(major) => Found::Major(major.trim().to_owned()),
        Err(_) => match fs::read_dir(data) {
            Ok(entries) => match entries.count() {
                0 => Found::Nothing,
                _ => Found::SomethingElse,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Found::Nothing,
            Err(_) => Found::SomethingElse,
        },
    }
}

/// Makes the data folder where there is none; fails when what is there cannot be served by this PostgreSQL.
pub fn ensure(settings: &Settings, account: Option<&Account>, major: &str) -> Result<(), Failure> {
    let data = settings.data();
    match look(&data) {
        Found::Major(found) if found != major => Err(Failure::configuration(format!(
            "{} was made by PostgreSQL {found} and this is {major}: remove it to start with an empty database, or set \
             TASKER_POSTGRES_BIN to PostgreSQL {found}",
            data.display()
        ))),
        Found::Major(_) => ensure_owner(&data, account),
        Found::SomethingElse => Err(Failure::configuration(format!(
            "{} has files and is no data folder of PostgreSQL: set TASKER_POSTGRES_HOME to another folder",
            data.display()
        ))),
        Found::Nothing => make(settings, account),
    }
}

fn ensure_owner(data: &Path, account: Option<&Account>) -> Result<(), Failure> {
    let owner = fs::metadata(data)
        .map_err(|error| Failure::other(format!("cannot look at {}: {error}", data.display())))?
        .uid();
    let us = account.map_or_else(|| nix::unistd::geteuid().as_raw(), |account| account.uid);
    if owner == us {
        return Ok(());
    }
    Err(Failure::configuration(format!(
        "{} belongs to the user with id {owner}, and PostgreSQL would run as {us}: start the cluster as the user who made it, or \
         remove the folder",
        data.display()
    )))
}

/// Runs `initdb` into a folder of another name, which becomes the data folder only when it is complete. What an
/// interrupted start left there is removed.
fn make(settings: &Settings, account: Option<&Account>) -> Result<(), Failure> {
    let home = &settings.home;
    let failed = |what: &str, path: &Path, error: std::io::Error| {
        Failure::other(format!("cannot {what} {}: {error}", path.display()))
    };
    // Given up at exec, when PostgreSQL's own lock in the data folder takes over.
    let folder = fs::File::open(home).map_err(|error| failed("open", home, error))?;
    let _lock = Flock::lock(folder, FlockArg::LockExclusiveNonblock).map_err(|_| {
        Failure::other(format!(
            "another start is making the database in {}: wait for it",
            home.display()
        ))
    })?;

    let partial = home.join("data.partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(|error| failed("remove", &partial, error))?;
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&partial)
        .and_then(|()| match account {
            Some(account) => chown(&partial, Some(account.uid), Some(account.gid)),
            None => Ok(()),
        })
        .map_err(|error| failed("make", &partial, error))?;
    let pwfile = PasswordFile::write(home, &settings.state, account)?;

    let mut initdb = Command::new(settings.program("initdb"));
    initdb
        .args([
            "--username",
            ROLE,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
        ])
        // The same on every machine, whatever locales it has.
        .args([
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
            "--locale",
            "C",
        ])
        .arg("--no-sync")
        .arg("--pwfile")
        .arg(&pwfile.path)
        .arg("-D")
        .arg(&partial)
        .current_dir(home);
    become_account(&mut initdb, account);
    follow(&mut initdb, Pid::this());
    let output = initdb
        .output()
        .map_err(|error| failed("run", &settings.program("initdb"), error))?;
    if !output.status.success() {
        let _ = fs::remove_dir_all(&partial);
        return Err(initdb_failed(
            home,
            &String::from_utf8_lossy(&output.stderr),
        ));
    }
    let data = settings.data();
    // An empty folder in its place, as a mount would be, is fine; rename replaces it.
    fs::rename(&partial, &data).map_err(|error| failed("make", &data, error))
}

fn initdb_failed(home: &Path, stderr: &str) -> Failure {
    if stderr.contains("No space left on device") {
        return Failure::other(format!(
            "no space left for the database in {}: free about 100 MB and start again",
            home.display()
        ));
    }
    let reason = stderr
        .lines()
        .rfind(|line| line.contains("error:") || line.contains("FATAL"))
        .unwrap_or_else(|| stderr.trim());
    Failure::other(format!(
        "initdb could not make the database in {}: {reason}",
        home.display()
    ))
}

/// A copy of the password that the server's account may read, for as long as `initdb` runs.
struct PasswordFile {
    path: PathBuf,
}

impl PasswordFile {
    fn write(home: &Path, state: &Path, account: Option<&Account>) -> Result<Self, Failure> {
        let password = password::read(state)?;
        let file = Self {
            path: home.join("initdb.password"),
        };
        let _ = fs::remove_file(&file.path);
        password::write_private(&file.path, &password)
            .and_then(|()| match account {
                Some(account) => chown(&file.path, Some(account.uid), Some(account.gid)),
                None => Ok(()),
            })
            .map_err(|error| {
                Failure::other(format!("cannot write {}: {error}", file.path.display()))
            })?;
        Ok(file)
    }
}

impl Drop for PasswordFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Fails when a server already runs on the data folder. Its lock file alone proves nothing: a killed one leaves it.
pub fn ensure_not_served(data: &Path) -> Result<(), Failure> {
    let Ok(lock) = fs::read_to_string(data.join("postmaster.pid")) else {
        return Ok(());
    };
    let lines: Vec<&str> = lock.lines().map(str::trim).collect();
    let (Some(pid), Some(port)) = (
        lines.first(),
        lines.get(3).and_then(|port| port.parse().ok()),
    ) else {
        return Ok(());
    };
    let serving = instance::holder(port).is_some_and(|(_, holder)| *pid == holder.to_string());
    if serving {
        return Err(Failure::other(format!(
            "PostgreSQL already runs on {} (pid {pid}, port {port}): stop it, with `./dev down`",
            data.display()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();

        assert_eq!(look(folder.path()), Found::Nothing);
        assert_eq!(look(&folder.path().join("none")), Found::Nothing);
    }

    #[test]
    fn a_folder_with_other_files_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "").unwrap();

        assert_eq!(look(folder.path()), Found::SomethingElse);
    }

    #[test]
    fn a_data_folder_tells_its_major_version() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("PG_VERSION"), "17\n").unwrap();

        assert_eq!(look(folder.path()), Found::Major("17".into()));
    }

    #[test]
    fn the_lock_file_of_a_dead_server_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("postmaster.pid"),
            "1\n/data\n1700000000\n1\n\n127.0.0.1\n",
        )
        .unwrap();

        ensure_not_served(folder.path()).unwrap();
    }

    #[test]
    fn a_full_disk_is_said_in_one_line() {
        let failure = initdb_failed(
            Path::new("/h"),
            "running bootstrap script ... \nFATAL:  could not write: No space left on device\n",
        );

        assert_eq!(
            failure.to_string(),
            "no space left for the database in /h: free about 100 MB and start again"
        );
    }
}
