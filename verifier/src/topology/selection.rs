//! What one run chose: mode, profile, counts and ports.

use std::collections::BTreeMap;
use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Each service has a range of ten ports.
pub const MAX_INSTANCES: u16 = 10;

/// Beyond it the highest port would be none.
pub const MAX_PORT_OFFSET: u16 = 50_000;

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Two instances of every service.
    #[default]
    Cluster,
    /// Two orchestration servers and two Rust workers.
    Minimal,
    /// One instance of every service, on the single-instance ports.
    Single,
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Cluster => "cluster",
            Self::Minimal => "minimal",
            Self::Single => "single",
        })
    }
}

/// A checkout that the services were built against instead of the published engine, as `./dev` records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnEngine {
    pub path: String,
    pub version: String,
    /// None: its crates are in no repository. Ends in `-dirty` when they were changed since.
    pub commit: Option<String>,
    /// A digest of its sources.
    pub content: String,
    /// Versions of the migrations that it ships, ascending.
    pub migrations: Vec<i64>,
}

/// The choices of one run. The default is what the checked-in files are rendered from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// None: the default of `cluster.toml`.
    pub mode: Option<Mode>,
    /// None: the default of `cluster.toml`.
    pub profile: Option<String>,
    /// Instances by service, over the counts of the mode.
    pub counts: BTreeMap<String, u16>,
    /// Added to every port.
    pub port_offset: u16,
    /// PGMQ in a database of its own.
    pub split: bool,
    /// None: the published engine.
    pub engine: Option<OwnEngine>,
}

impl Selection {
    /// The variable that overrides a service's count: `TASKER_WORKER_RUST_INSTANCES`.
    pub fn count_variable(service: &str) -> String {
        format!(
            "TASKER_{}_INSTANCES",
            service.to_uppercase().replace('-', "_")
        )
    }

    /// Takes counts and the port offset from the environment, where they are set.
    ///
    /// # Errors
    /// A sentence naming the variable whose value is no number in range.
    pub fn with_environment<'a>(
        mut self,
        services: impl IntoIterator<Item = &'a str>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        for service in services {
            let name = Self::count_variable(service);
            let Some(value) = lookup(&name).filter(|value| !value.is_empty()) else {
                continue;
            };
            let count = value
                .parse::<u16>()
                .ok()
                .filter(|count| *count <= MAX_INSTANCES);
            let count = count.ok_or_else(|| {
                format!("{name}={value}: expected a number from 0 to {MAX_INSTANCES}")
            })?;
            self.counts.insert(service.to_owned(), count);
        }
        if let Some(value) = lookup("TASKER_PORT_OFFSET").filter(|value| !value.is_empty()) {
            let offset = value
                .parse()
                .ok()
                .filter(|offset| *offset <= MAX_PORT_OFFSET);
            self.port_offset = offset.ok_or_else(|| {
                format!("TASKER_PORT_OFFSET={value}: expected a number from 0 to {MAX_PORT_OFFSET}")
            })?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_from_the_environment_overrides_the_mode() {
        let selection = Selection::default()
            .with_environment(["worker-rust"], |name| {
                (name == "TASKER_WORKER_RUST_INSTANCES").then(|| "3".to_owned())
            })
            .unwrap();

        assert_eq!(selection.counts["worker-rust"], 3);
    }

    #[test]
    fn a_port_offset_beyond_the_ports_is_refused() {
        let with = |value: &str| {
            let value = value.to_owned();
            Selection::default().with_environment([], |name| {
                (name == "TASKER_PORT_OFFSET").then(|| value.clone())
            })
        };

        assert_eq!(with("1000").unwrap().port_offset, 1000);
        let error = with("50001").unwrap_err();
        assert!(error.starts_with("TASKER_PORT_OFFSET=50001"), "{error}");
    }

    #[test]
    fn a_count_that_is_no_number_names_the_variable() {
        let error = Selection::default()
            .with_environment(["orchestration"], |_| Some("many".to_owned()))
            .unwrap_err();

        assert!(
            error.starts_with("TASKER_ORCHESTRATION_INSTANCES=many"),
            "{error}"
        );
    }
}
