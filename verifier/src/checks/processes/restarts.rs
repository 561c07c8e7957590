//! How often the supervisor had to start a process again, and whether it will ever stop doing so.

use chrono::TimeDelta;

use super::port_holder::foreign_listener;
use crate::evidence::{Evidence, Supervised, Unseen};

/// Fewer may still be bad luck.
const LOOP_FROM: u32 = 3;
/// A process that lived this long was started for good.
const SETTLED: TimeDelta = TimeDelta::seconds(60);

/// One process that was restarted.
pub struct Restarted<'a> {
    pub name: &'a str,
    pub supervised: &'a Supervised,
    /// Seconds since its last start, where it runs.
    pub age_seconds: Option<i64>,
    pub loops: bool,
}

/// Every process that was started again after it ended by itself, in the order of names.
///
/// One that cannot bind because another holds its port has a code of its own.
///
/// # Errors
/// The topology, the processes or the supervisor were not seen.
pub fn restarted(evidence: &Evidence) -> Result<Vec<Restarted<'_>>, Unseen> {
    let topology = evidence.topology.seen()?;
    let system = evidence.system.seen()?;
    let supervisor = evidence.supervisor.seen()?;
    let is_kept_out = |name: &str| {
        topology.instance(name).is_some_and(|(_, instance)| {
            foreign_listener(system, Some(supervisor), instance).is_some()
        })
    };
    Ok(supervisor
        .processes
        .iter()
        .filter(|(name, supervised)| supervised.restarts > 0 && !is_kept_out(name))
        .map(|(name, supervised)| {
            let started = system
                .process(supervised.pid)
                .and_then(|process| process.started_at);
            let age = started.map(|started| evidence.taken_at - started);
            let runs = supervised.status == "Running";
            let settled = runs && age.is_none_or(|age| age >= SETTLED);
            Restarted {
                name,
                supervised,
                age_seconds: age.map(|age| age.num_seconds()),
                loops: supervised.restarts >= LOOP_FROM && !settled,
            }
        })
        .collect())
}

/// Whether the instance is in a loop, as far as that is known.
pub fn loops(evidence: &Evidence, id: &str) -> bool {
    restarted(evidence).is_ok_and(|all| all.iter().any(|it| it.name == id && it.loops))
}
