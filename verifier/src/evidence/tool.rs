//! The tools of the shell against the list of those that the project needs.

use serde::{Deserialize, Serialize};

use super::Observed;

/// One entry of `tools/tools.toml` and what was found of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    /// Version that is asked for.
    pub version: String,
    pub rule: Rule,
    /// None for what shows in PostgreSQL only.
    pub command: Option<String>,
    /// Where the fallback tool chain gets it, or `system`.
    pub source: String,
    /// The version that it says of itself.
    pub found: Observed<String>,
}

/// How the version found must relate to the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// The first number is the same.
    Major,
    /// It is that one or newer.
    Minimum,
}
