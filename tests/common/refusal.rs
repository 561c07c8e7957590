//! Creates that the engine answers with an error for a reason that is known, by the server's own log:
//! the engine's client keeps no status and no text of an answer in the 500s.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use cluster_verify::evidence::CreateOutcome;

use crate::outcome::{self, Outcome};
use crate::{Environment, Sent, wait_until};

/// How far back in the log the line may be.
const TAIL: u64 = 1 << 19;
/// The line passes through the supervisor before it is in the file.
const UNTIL_LOGGED: Duration = Duration::from_secs(1);
/// How a server tells of a create that it answers with an error.
const FAILED: &str = "Task creation failed - server error";
/// How a server tells of a request that it turned away because it is too busy.
pub(crate) const TURNED_AWAY: &str = "API request rejected due to backpressure";

/// What became of a create that the engine is known to answer with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing was left behind: it can be asked again.
    Refused,
    /// The task exists and goes on.
    Created,
    /// The server takes no task at this moment, as it may say at any time.
    Busy,
}

/// A fault of the engine by what the server's log says of it.
struct Fault {
    logged: &'static str,
    code: &'static str,
    reason: &'static str,
    outcome: Known,
}

const FAULTS: [Fault; 2] = [
    Fault {
        logged: "named_steps_name_unique",
        code: "CV501",
        reason: "two servers that create the first tasks with a step's name at once both look for the name, \
            then both insert it: one create is refused",
        outcome: Known::Refused,
    },
    Fault {
        logged: "idx_task_transitions_uuid_most_recent",
        code: "CV513",
        reason: "a server's readiness poll takes up a task that another is still creating: its creator answers \
            500 and the task goes on",
        outcome: Known::Created,
    },
];

/// What the engine is known to have done with a create that failed, by the server's own log. A fault
/// is recorded; with `TASKER_TEST_STRICT=1` no fault is known.
pub(crate) async fn known(sent: &Sent) -> Result<Option<Known>> {
    let refused = matches!(sent.outcome(), CreateOutcome::Refused { .. });
    if sent.answer.is_ok() || refused {
        return Ok(None);
    }
    let about = format!(
        "namespace={} task_name={}",
        sent.request.namespace, sent.request.name
    );
    let logged = wait_until(UNTIL_LOGGED, async || {
        let log = tail(&sent.via)?;
        let of_create = |line: &&str| {
            let failed = line.contains(FAILED) && line.contains(&about);
            (failed || line.contains(TURNED_AWAY)) && is_since(line, sent.began)
        };
        let lines = log.lines().filter(of_create).map(str::to_owned);
        let lines: Vec<String> = lines.collect();
        // Another create may have been turned away in the meantime: what names ours comes first.
        let own = lines.iter().rfind(|line| line.contains(FAILED));
        own.or(lines.last()).cloned().context("not logged")
    })
    .await;
    let Ok(logged) = logged else { return Ok(None) };
    if logged.contains(TURNED_AWAY) {
        return Ok(Some(Known::Busy));
    }
    let fault = FAULTS.iter().find(|fault| logged.contains(fault.logged));
    let Some(fault) = fault.filter(|_| !outcome::is_strict()) else {
        return Ok(None);
    };
    outcome::record(&Outcome::Known {
        code: fault.code,
        count: 1,
        reason: fault.reason,
    })?;
    Ok(Some(fault.outcome))
}

/// Whether a line of the log is not older than the create.
fn is_since(line: &str, began: DateTime<Utc>) -> bool {
    let mut words = line.split_whitespace();
    words
        .find_map(|word| word.parse::<DateTime<Utc>>().ok())
        .is_some_and(|at| at >= began)
}

fn tail(instance: &str) -> Result<String> {
    let path = Environment::get()
        .project
        .state
        .join("logs")
        .join(format!("{instance}.log"));
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
