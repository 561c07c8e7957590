//! How a worker stands towards a namespace that it should serve, by live evidence.

use crate::checks::duty::{Duty, is_ready, runs};
use crate::evidence::{Evidence, Subscriptions, Unseen};

/// From the best to the worst of what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was seen to poll the queue, or has done work of it.
    Serves,
    /// Its process does not run.
    Absent,
    /// Its process runs and does not say that it is ready.
    Unready,
    /// It was not seen to, within a window in which it should have been.
    Idle,
    /// It was not seen to, and the window was too short to tell.
    Unproven,
}

/// # Errors
/// Neither the process nor its endpoint was looked at.
pub fn standing(
    evidence: &Evidence,
    subscriptions: &Subscriptions,
    duty: &Duty<'_>,
    namespace: &str,
) -> Result<Standing, Unseen> {
    let id = duty.instance.id.as_str();
    if !runs(evidence, id)? {
        return Ok(Standing::Absent);
    }
    if subscriptions.proven(id, namespace) {
        return Ok(Standing::Serves);
    }
    let misdirected = duty.misdirection(evidence.system.ok()).is_some();
    if !misdirected && !is_ready(evidence, id)? {
        return Ok(Standing::Unready);
    }
    let elsewhere = misdirected || !advertises(evidence, id, namespace);
    // A visit to a queue with messages is over at once and may go unseen: whoever was
    // seen at other queues polls, and is given a second round.
    let half_seen = duty
        .namespaces
        .iter()
        .any(|other| subscriptions.proven(id, other));
    let rounds = if half_seen { 2 } else { 1 };
    let waited = subscriptions.window_ms >= rounds * subscriptions.cycle_ms;
    Ok(if elsewhere || waited {
        Standing::Idle
    } else {
        Standing::Unproven
    })
}

/// An engine fixes its namespaces when it boots: one that is not in the record is never polled.
fn advertises(evidence: &Evidence, id: &str, namespace: &str) -> bool {
    let record = evidence
        .identities
        .get(id)
        .and_then(|identity| identity.ok());
    record.is_none_or(|identity| identity.namespaces.iter().any(|name| name == namespace))
}

/// What a check says when the window was too short.
pub fn too_short(subscriptions: &Subscriptions, what: &str) -> Unseen {
    let why = format!(
        "looked for {} ms, and a worker takes up to {} ms to visit all its namespaces",
        subscriptions.window_ms, subscriptions.cycle_ms
    );
    Unseen::new(what, why)
}
