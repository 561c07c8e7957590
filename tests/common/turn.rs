//! Whose turn it is at the cluster: tests that disturb it run alone, all others beside one another.
//!
//! A lock on a file of the state folder, so that it also holds between processes: nextest starts one
//! for each test, and somebody else may run the suite against the same cluster.

use std::fs::{File, OpenOptions};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{Flock, FlockArg};

use crate::Environment;

/// A turn beside other tests; it lasts until it is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when it is dropped"]
pub struct BesideOthers {
    _lock: Flock<File>,
}

/// A turn alone at the cluster; only with one in hand can anything be broken.
#[derive(Debug)]
#[must_use = "the turn ends when it is dropped"]
pub struct Alone {
    _lock: Flock<File>,
}

/// Waits until nobody disturbs the cluster.
///
/// # Errors
/// The lock cannot be opened.
pub fn beside_others() -> Result<BesideOthers> {
    Ok(BesideOthers {
        _lock: lock(FlockArg::LockShared)?,
    })
}

/// Waits until every other test has ended its turn.
///
/// # Errors
/// The lock cannot be opened.
pub fn alone() -> Result<Alone> {
    Ok(Alone {
        _lock: lock(FlockArg::LockExclusive)?,
    })
}

fn lock(how: FlockArg) -> Result<Flock<File>> {
    let path = Environment::get().project.state.join("tests.lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))?;
    Flock::lock(file, how).map_err(|(_, error)| anyhow!("lock {}: {error}", path.display()))
}
