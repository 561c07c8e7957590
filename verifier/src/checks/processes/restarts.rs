//! How often the supervisor had to start a process again, and whether it will ever stop doing so.

use chrono::TimeDelta;

use super::port_holder::foreign_listener;
use crate::evidence::{Evidence, Supervised, Unseen};

/// Fewer may still be bad luck.
const LOOP_FROM: u32 = 3;
/// The count begins with the supervisor and never goes back: a loop is what keeps up this pace.
const LOOP_PACE: TimeDelta = TimeDelta::seconds(60);
/// A process that lived this long was started for good, and one that is ready sooner.
const SETTLED: TimeDelta = TimeDelta::seconds(60);
const SETTLED_WHEN_READY: TimeDelta = TimeDelta::seconds(10);

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
/// One that somebody stopped since is over; one that cannot bind because another holds its port has a code of its own.
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
        .filter(|(_, supervised)| supervised.restarts > 0 && supervised.is_kept_up())
        .filter(|(name, _)| !is_kept_out(name))
        .map(|(name, supervised)| {
            let started = system
                .process(supervised.pid)
                .and_then(|process| process.started_at);
            let age = started.map(|started| evidence.taken_at - started);
            // Of what is no instance the age is not known; an instance without a process has none.
            let long = if supervised.ready {
                SETTLED_WHEN_READY
            } else {
                SETTLED
            };
            let settled = supervised.status == "Running"
                && age.map_or(topology.instance(name).is_none(), |age| age >= long);
            let up = supervisor.started_at.map(|it| evidence.taken_at - it);
            let pace = i32::try_from(supervised.restarts).map(|times| LOOP_PACE * times);
            let often = up.zip(pace.ok()).is_none_or(|(up, pace)| up <= pace);
            Restarted {
                name,
                supervised,
                age_seconds: age.map(|age| age.num_seconds()),
                loops: supervised.restarts >= LOOP_FROM && often && !settled,
            }
        })
        .collect())
}

/// Whether the instance is in a loop, as far as that is known.
pub fn loops(evidence: &Evidence, id: &str) -> bool {
    restarted(evidence).is_ok_and(|all| all.iter().any(|it| it.name == id && it.loops))
}
