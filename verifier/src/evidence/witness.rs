//! The witness files: what the handlers themselves wrote, independent of PostgreSQL.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Observed, Unseen};
use crate::history::{Audit, Run, Runs, StepRuns, WitnessProcess};

/// Notable steps that evidence keeps; a step is a few hundred bytes.
const KEPT: usize = 20_000;

/// Runs that went as they should are counted while the lines stream by and not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WitnessView {
    /// Runs of handlers in the files.
    pub runs: u64,
    /// Steps that were run.
    pub steps: u64,
    /// Steps whose handler ran more than once: the latest, at most [`KEPT`] of them.
    pub repeated: Vec<StepRuns>,
    /// How many there are.
    pub repeated_steps: u64,
    /// Steps with a run that did not end: the latest, at most [`KEPT`] of them.
    pub open: Vec<StepRuns>,
    /// What the database accepted of the repeated steps; a step that it does not have is absent.
    pub audits: Observed<BTreeMap<Uuid, Vec<Audit>>>,
    /// The last line of each process.
    pub processes: Vec<WitnessProcess>,
    /// What was broken on purpose.
    pub faults: Vec<InjectedFault>,
    /// Files and lines that could not be read as witness lines: `file:line: reason`.
    pub unreadable: Vec<String>,
    /// Bytes of the files, before what was read, that a quick look did not read.
    #[serde(default)]
    pub skipped: u64,
}

/// One line of `.cluster/faults.jsonl`, written by whoever breaks something on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFault {
    /// `kill`, `stop`, `redeliver`, …
    pub kind: String,
    /// An instance, or the uuid of a task or step.
    pub target: String,
    pub at: DateTime<Utc>,
    /// When it was mended; none for what passes at once.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
}

impl WitnessView {
    /// What is kept of all that was read.
    pub fn of(runs: &Runs) -> Self {
        let (mut repeated, mut open) = runs.notable();
        let repeated_steps = repeated.len() as u64;
        repeated.drain(..repeated.len().saturating_sub(KEPT));
        open.drain(..open.len().saturating_sub(KEPT));
        Self {
            runs: runs.count(),
            steps: runs.steps(),
            repeated,
            repeated_steps,
            open,
            audits: Observed::not_looked("the audit of repeated steps"),
            processes: runs.processes(),
            faults: Vec::new(),
            unreadable: Vec::new(),
            skipped: 0,
        }
    }

    /// What 611 and 612 need to say that they found nothing: no line that may tell otherwise.
    ///
    /// # Errors
    /// Files or lines could not be read.
    pub fn ensure_readable(&self) -> Result<(), Unseen> {
        match self.unreadable.first() {
            None => Ok(()),
            Some(first) => Err(Unseen::new("lines of the witness files", first.clone())),
        }
    }

    /// What a finding needs that rests on a line which there is not.
    ///
    /// # Errors
    /// It may stand where a quick look did not read.
    pub fn ensure_whole(&self) -> Result<(), Unseen> {
        match self.skipped {
            0 => Ok(()),
            _ => Err(Unseen::new(
                "older lines of the witness files",
                "a quick look reads the ends; check without `--quick`",
            )),
        }
    }

    /// The latest run of the step that began and did not end.
    pub fn in_hand(&self, step: &str) -> Option<&Run> {
        let step = step.parse::<Uuid>().ok()?;
        let open = self.open.iter().find(|open| open.step == step)?;
        open.runs.iter().rfind(|run| run.finished.is_none())
    }

    /// What the database accepted of a repeated step; none when it does not have the step.
    ///
    /// # Errors
    /// The audit was not looked at.
    pub fn audits_of(&self, step: Uuid) -> Result<Option<&[Audit]>, Unseen> {
        Ok(self.audits.seen()?.get(&step).map(Vec::as_slice))
    }
}
