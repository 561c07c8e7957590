//! The only input and output: each collector looks at one side of the cluster and fills
//! its part of the evidence. A look that fails is recorded as unseen, and the run goes on.

mod backpressure;
pub mod canary;
pub mod configuration;
pub mod confirm;
mod create;
pub mod create_log;
pub mod domain_events;
pub mod due;
pub mod endpoints;
mod engine_file;
mod flight;
pub mod identity;
mod listening;
pub mod log;
#[cfg(test)]
#[path = "../../tests/common/postgres.rs"]
mod own_postgres;
pub mod pace;
pub mod postgres;
pub mod probe;
pub mod progress;
pub mod prometheus;
pub mod proven;
mod reading;
pub mod remembered;
pub mod servers;
#[cfg(test)]
#[path = "../../tests/common/stand_in.rs"]
mod stand_in;
mod state_file;
pub mod supervisor;
pub mod system;
mod template;
pub mod tools;
pub mod witness;
mod witness_line;
pub mod witnessed;
pub mod workload;

use std::path::Path;

use crate::evidence::PathState;

/// What is at a path.
fn path_state(path: &Path) -> PathState {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => PathState::File,
        Ok(metadata) if metadata.is_dir() => PathState::Folder,
        Ok(_) => PathState::Other,
        Err(_) => PathState::Missing,
    }
}
