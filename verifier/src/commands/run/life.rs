//! What the numbers of a run need of one task's history.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::collect::canary::AT_REST;
use crate::history::{State, TaskHistory};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    pub created_at: DateTime<Utc>,
    /// When it came to rest; none when it did not.
    pub rested_at: Option<DateTime<Utc>>,
    pub state: String,
    /// The server that moved it first.
    pub initialiser: Option<Uuid>,
    /// Accepted results by worker.
    pub results: BTreeMap<Uuid, u64>,
}

impl Life {
    pub fn of(task: &TaskHistory) -> Self {
        let state = task.state().map_or("none", State::name).to_owned();
        let mut results: BTreeMap<Uuid, u64> = BTreeMap::new();
        for audit in task.steps.iter().flat_map(|step| &step.audits) {
            *results.entry(audit.worker.unwrap_or_default()).or_default() += 1;
        }
        Self {
            created_at: task.created_at,
            // The first of two ends: what a race repeats later is no longer waited for.
            rested_at: AT_REST
                .contains(&state.as_str())
                .then(|| {
                    let ends = task.transitions.iter().filter(|it| it.to.name() == state);
                    ends.map(|end| end.at).min()
                })
                .flatten(),
            state,
            initialiser: task.transitions.iter().find_map(|it| it.processor),
            results,
        }
    }

    pub fn latency_ms(&self) -> Option<u64> {
        let latency = (self.rested_at? - self.created_at).num_milliseconds();
        Some(u64::try_from(latency).unwrap_or(0))
    }
}
