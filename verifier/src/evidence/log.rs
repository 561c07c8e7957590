//! What the instances' logs say, reduced to the lines that nobody should miss.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The end of one instance's log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogView {
    pub path: String,
    /// Bytes that were read, from the end of the file.
    pub bytes: u64,
    /// Lines of a panic or of a fatal error, oldest first.
    pub alarms: Vec<LogLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written, or the last time that stands above it.
    pub at: Option<DateTime<Utc>>,
    /// At most 300 characters of it.
    pub text: String,
}
