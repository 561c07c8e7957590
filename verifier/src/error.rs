//! What stops the tool. A defect of the cluster is a finding, a failed look is `Unseen`; neither is an error.

use std::path::PathBuf;

use crate::topology::Problem;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{}", list(.0))]
    Configuration(Vec<Problem>),
    #[error("{action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// A part of the cluster that the command needs could not be seen.
    #[error("{what}: {why}; {hint}")]
    Unseen {
        what: String,
        why: String,
        hint: String,
    },
    /// This machine lacks what the tool needs to go on.
    #[error("{what}: {why}; {hint}")]
    Unavailable {
        what: String,
        why: String,
        hint: String,
    },
    /// Others are at work on what the command would change.
    #[error("{0}")]
    InUse(String),
    /// A wait ran out.
    #[error("{0}")]
    NotHealthy(String),
    /// Ctrl-C ended the look.
    #[error("interrupted; nothing was judged")]
    Interrupted,
    /// Rendered files are not what the topology renders to.
    #[error("{0}")]
    Stale(String),
}

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

pub type Result<T> = std::result::Result<T, Error>;
