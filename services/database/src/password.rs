//! The password of the role `tasker`: made once, kept in a file that only its owner may read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use instance::Failure;
use uuid::Uuid;

/// Where the password is.
pub fn path(state: &Path) -> PathBuf {
    state.join("database.password")
}

/// Reads the password.
pub fn read(state: &Path) -> Result<String, Failure> {
    let path = path(state);
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Ok(_) => Err(Failure::configuration(format!(
            "{} is empty: put the password back, or stop the cluster and remove its state folder",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::other(format!(
            "{} does not exist: start the database first, with `cluster-database serve`",
            path.display()
        ))),
        Err(error) => Err(Failure::other(format!(
            "cannot read {}: {error}",
            path.display()
        ))),
    }
}

/// Reads the password, making one when there is none.
pub fn read_or_create(state: &Path) -> Result<String, Failure> {
    let path = path(state);
    if !path.exists() {
        create(&path)
            .map_err(|error| Failure::other(format!("cannot write {}: {error}", path.display())))?;
    }
    read(state)
}

/// Made under another name first: an interrupted start leaves either no password or a whole one. Letters and digits
/// only, which the engine's pattern for `DATABASE_URL` takes as they are.
fn create(path: &Path) -> io::Result<()> {
    let password = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let partial = path.with_extension("password.partial");
    let _ = fs::remove_file(&partial);
    write_private(&partial, &password)?;
    fs::rename(partial, path)
}

/// Writes a new file with mode 0600.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_password_is_made_once_and_private() {
        let state = tempfile::tempdir().unwrap();

        let first = read_or_create(state.path()).unwrap();
        let second = read_or_create(state.path()).unwrap();

        assert_eq!(first, second);
        assert_eq!(first.len(), 64);
        assert_eq!(
            fs::metadata(path(state.path()))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_file_is_not_a_password() {
        let state = tempfile::tempdir().unwrap();
        fs::write(path(state.path()), "\n").unwrap();

        assert_eq!(read_or_create(state.path()).unwrap_err().exit_status(), 3);
    }
}
