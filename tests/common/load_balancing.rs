//! Which of several servers the next request goes to.

use std::sync::atomic::{AtomicUsize, Ordering};

use uuid::Uuid;

/// How requests are spread over the orchestration servers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoadBalancingStrategy {
    /// One after the other.
    #[default]
    RoundRobin,
    Random,
    /// The first that answers its readiness probe at that moment; the first of all when none does.
    FirstHealthy,
    /// Always the same one for the same task.
    Sticky(Uuid),
}

impl LoadBalancingStrategy {
    /// An index below `count`, which must not be 0; `is_ready` is asked by [`Self::FirstHealthy`] alone.
    pub(crate) fn choose(
        self,
        count: usize,
        turn: &AtomicUsize,
        is_ready: impl FnMut(&usize) -> bool,
    ) -> usize {
        match self {
            Self::RoundRobin => turn.fetch_add(1, Ordering::Relaxed) % count,
            Self::Random => fastrand::usize(..count),
            Self::FirstHealthy => (0..count).find(is_ready).unwrap_or(0),
            Self::Sticky(task) => sticky(task, count),
        }
    }
}

/// The index that belongs to a task.
pub(crate) fn sticky(task: Uuid, count: usize) -> usize {
    // The last bytes: the first ones of a version 7 uuid are the time, the same for a whole burst.
    let (_, random) = task.as_u64_pair();
    usize::try_from(random % count as u64).unwrap_or(0)
}
