//! The witness files: what the handlers themselves wrote, independent of PostgreSQL.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WitnessView {
    pub lines: Vec<WitnessLine>,
    /// Files and lines that could not be read as witness lines: `file:line: reason`.
    pub unreadable: Vec<String>,
}

/// One line of `.cluster/witness/<id>.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessLine {
    pub v: u32,
    /// `started` or `finished`.
    pub event: String,
    /// One run of a handler.
    pub run: String,
    pub task: String,
    pub step: String,
    pub step_name: String,
    pub namespace: String,
    pub attempt: i64,
    pub instance: String,
    pub pid: u32,
    pub wall: DateTime<Utc>,
    /// CLOCK_MONOTONIC in nanoseconds.
    pub mono_ns: u64,
    #[serde(default)]
    pub ok: Option<bool>,
}
