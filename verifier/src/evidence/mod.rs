//! What was seen of a cluster: plain serialisable data, filled by the collectors and judged by the checks.

mod canary;
mod configuration;
mod database;
mod endpoints;
#[cfg(test)]
pub mod healthy;
mod history;
mod log;
mod masked;
mod masks;
mod observed;
mod process;
mod tool;
mod witness;

pub use canary::{Canaries, Canary, CanaryStep, Cancellation, CreateOutcome, Reading, Twins, Ways};
pub use configuration::{
    Configuration, EngineFile, PathState, Placeholder, RenderedFile, StrayDotenv, Template,
    TemplateRoot, TemplateStep, deployment_mode_key,
};
pub use database::{
    DatabaseView, DeadTask, Listen, Migration, PassedOver, Poll, Queue, Session, Sign,
    Subscriptions, WorkDone, Zombie,
};
pub use endpoints::{Answer, InstanceEndpoints, Metrics};
pub use history::{HistoryView, LastDone, OpenStep, OpenTask, RuleCount, WorkerSeen};
pub use log::{LogLine, LogView};
pub use masks::{Masks, is_mark};
pub use observed::{Observed, Unseen};
pub use process::{Identity, Listener, OsProcess, Supervised, Supervisor, SystemView};
pub use tool::{Rule, Tool};
pub use witness::{InjectedFault, WitnessView};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::topology::Topology;

/// Version of the recorded form; a recording of another version is refused.
pub const FORMAT: u32 = 2;

/// Everything that one run of `check` looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    pub format: u32,
    pub tool_version: String,
    /// Before any process was looked at.
    pub taken_at: DateTime<Utc>,
    /// The cluster as it should be; unseen when its description does not parse.
    pub topology: Observed<Topology>,
    pub configuration: Configuration,
    /// The shell's tools against `tools/tools.toml`.
    pub tools: Observed<Vec<Tool>>,
    /// What the operating system says.
    pub system: Observed<SystemView>,
    /// What process-compose says.
    pub supervisor: Observed<Supervisor>,
    /// Identity records by instance.
    pub identities: BTreeMap<String, Observed<Identity>>,
    /// What stands in the instances' logs, by instance.
    pub logs: BTreeMap<String, Observed<LogView>>,
    /// What the REST endpoints answered, by instance.
    pub endpoints: BTreeMap<String, InstanceEndpoints>,
    pub database: Observed<DatabaseView>,
    pub subscriptions: Observed<Subscriptions>,
    pub witness: Observed<WitnessView>,
    pub canaries: Observed<Canaries>,
    pub history: Observed<HistoryView>,
}

impl Evidence {
    /// Evidence in which nothing was looked at yet.
    pub fn blank(topology: Observed<Topology>, configuration: Configuration) -> Self {
        Self {
            format: FORMAT,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at: Utc::now(),
            topology,
            configuration,
            tools: Observed::not_looked("the shell's tools"),
            system: Observed::not_looked("processes"),
            supervisor: Observed::not_looked("the supervisor"),
            identities: BTreeMap::new(),
            logs: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            database: Observed::not_looked("the database"),
            subscriptions: Observed::not_looked("subscriptions"),
            witness: Observed::not_looked("witness files"),
            canaries: Observed::not_looked("canaries"),
            history: Observed::not_looked("history"),
        }
    }

    /// When the history was read; what was seen of it was so then or later.
    pub fn history_read_at(&self) -> DateTime<Utc> {
        let read_at = self.history.ok().and_then(|history| history.read_at);
        read_at.unwrap_or(self.taken_at)
    }

    /// The instances by the ids that the engine gave them at this boot: a server's processor uuid, a
    /// worker's worker uuid.
    pub fn instances_by_id(&self) -> BTreeMap<Uuid, String> {
        let mut names = BTreeMap::new();
        for (instance, identity) in &self.identities {
            let Some(identity) = identity.ok() else {
                continue;
            };
            let ids = [&identity.processor_uuid, &identity.worker_uuid];
            for id in ids.into_iter().flatten().filter_map(|id| id.parse().ok()) {
                names.insert(id, instance.clone());
            }
        }
        names
    }
}
