//! How a worker stands towards a namespace that it should serve, by live evidence.

use crate::checks::duty::{Duty, is_ready, runs};
use crate::evidence::{Evidence, Subscriptions, Unseen};

/// From the best to the worst of what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was seen to poll the queue, or has done work of it, and takes from its queues now.
    Serves,
    /// Its process does not run.
    Absent,
    /// Its process runs and does not say that it is ready.
    Unready,
    /// It was not seen to, within a window in which it should have been.
    Idle,
    /// It was seen to before, and takes from no queue now, within a window in which that would have shown.
    Still,
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
    let proven = subscriptions.proven(id, namespace);
    if proven && subscriptions.is_alive(id) {
        return Ok(Standing::Serves);
    }
    let misdirected = duty.misdirection(evidence.system.ok()).is_some();
    if !misdirected && !is_ready(evidence, id)? {
        return Ok(Standing::Unready);
    }
    let elsewhere = misdirected || !advertises(evidence, id, namespace);
    // A visit to a queue with messages is over at once and may go unseen: whoever was
    // seen at other queues polls, and is given a second round, or tasks. Whoever stands
    // still is at no queue, so that one round is enough.
    let half_seen = !proven
        && duty
            .namespaces
            .iter()
            .any(|other| subscriptions.proven(id, other));
    let rounds = if half_seen { 2 } else { 1 };
    let waited = subscriptions.gave_work(namespace)
        || subscriptions.window_ms >= rounds * subscriptions.cycle_ms;
    Ok(match proven {
        true if waited => Standing::Still,
        false if elsewhere || waited => Standing::Idle,
        _ => Standing::Unproven,
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
        "looked for {} ms, and a worker takes up to {} ms to visit all its namespaces; no tasks were sent to see who \
         takes them",
        subscriptions.window_ms, subscriptions.cycle_ms
    );
    Unseen::new(what, why)
}
