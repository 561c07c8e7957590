//! Recorded evidence on disk.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::evidence::{Evidence, FORMAT};

/// A place for evidence, made before anybody looks: that it cannot be written is told at once, and costs no verdict.
pub struct Recording {
    path: PathBuf,
    file: Place,
}

enum Place {
    /// Moved to its place when it is whole.
    Beside(NamedTempFile),
    /// A pipe or a device, in whose place no file may come.
    There(File),
}

impl Recording {
    /// # Errors
    /// It cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        // What a link leads to, not the link, is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let there = path.metadata().is_ok_and(|it| !it.is_file());
        let file = if there {
            OpenOptions::new().write(true).open(&path).map(Place::There)
        } else {
            beside(&path).map(Place::Beside)
        };
        let file = file.map_err(|error| failed("write", &path, error))?;
        Ok(Self { path, file })
    }

    /// # Errors
    /// It could not be written, or not be moved to its place.
    pub fn write(self, evidence: &Evidence) -> Result<()> {
        let Self { path, file } = self;
        let written = match file {
            Place::There(mut file) => put(&mut file, evidence),
            Place::Beside(mut file) => put(file.as_file_mut(), evidence)
                .and_then(|()| file.persist(&path).map(drop).map_err(|it| it.error)),
        };
        written.map_err(|error| failed("write", &path, error))
    }
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".evidence-")
        // As any other file of the user's, as far as the umask lets it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        // Without the name of the file, which nobody asked for.
        .map_err(|error| error.kind().into())
}

fn put(file: &mut File, evidence: &Evidence) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    serde_json::to_writer(&mut out, evidence)?;
    out.flush()
}

/// What all versions of the recorded form have.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// Evidence that was recorded.
///
/// # Errors
/// It cannot be read, is no evidence, or is of another version.
pub fn read(path: &Path) -> Result<Evidence> {
    let text = std::fs::read(path).map_err(|error| failed("read", path, error))?;
    let no_evidence = |error: serde_json::Error| {
        Error::Usage(format!(
            "{}: not recorded evidence: {error}",
            path.display()
        ))
    };
    let Head { format } = serde_json::from_slice(&text).map_err(no_evidence)?;
    if format != FORMAT {
        return Err(Error::Usage(format!(
            "{}: recorded in format {format}, this version reads {FORMAT}; record it again",
            path.display()
        )));
    }
    serde_json::from_slice(&text).map_err(no_evidence)
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        action,
        path: path.to_path_buf(),
        source,
    }
}
