//! The JSON that starts the worker: what only the host knows about itself.

use std::path::PathBuf;

use serde::Deserialize;

/// Everything else comes from the environment that `services/launch` sets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// Such as `worker-ruby`.
    pub service: String,
    pub language: String,
    /// The program that the host runs, for the identity record.
    pub executable: PathBuf,
    /// The callables that the host can run, for the identity record.
    pub handlers: Vec<String>,
}
