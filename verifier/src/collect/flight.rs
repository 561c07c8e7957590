//! Tasks that were created and are followed until they rest.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use uuid::Uuid;

use super::canary::AT_REST;
use super::postgres;
use crate::evidence::{Canary, Unseen};

/// Where no step is on its way there is nobody to wait for, unless a server comes back to the task: after a minute
/// without a move the checks say that none will.
const FORGOTTEN: Duration = Duration::from_secs(62);

#[derive(Default)]
pub(super) struct Flight {
    /// Every create that was tried.
    pub tasks: Vec<Canary>,
    /// Index of each task that is not at rest, and when it was created.
    open: HashMap<Uuid, (usize, Instant)>,
    at_rest: u64,
    transitions: i64,
    moved: Option<Instant>,
    /// Whether any of their steps is in a queue or in somebody's hands.
    in_flight: bool,
}

impl Flight {
    pub fn add(&mut self, task: Canary) {
        if let Some(Ok(uuid)) = task.create.task_uuid().map(str::parse) {
            self.open.insert(uuid, (self.tasks.len(), Instant::now()));
            self.moved = Some(Instant::now());
        }
        self.tasks.push(task);
    }

    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Where they are.
    pub fn open_namespaces(&self) -> BTreeSet<&str> {
        let tasks = self.open.values().map(|(index, _)| &self.tasks[*index]);
        tasks.map(|task| task.namespace.as_str()).collect()
    }

    pub const fn at_rest(&self) -> u64 {
        self.at_rest
    }

    /// Open tasks that were created within this time.
    pub fn younger_than(&self, age: Duration) -> usize {
        let young = |(_, created): &&(usize, Instant)| created.elapsed() < age;
        self.open.values().filter(young).count()
    }

    /// Whether no open task has moved for so long that none will.
    pub fn stalled(&self, patience: Duration) -> bool {
        let patience = match self.in_flight {
            true => patience,
            false => patience.max(FORGOTTEN),
        };
        self.moved.is_some_and(|moved| moved.elapsed() > patience)
    }

    /// Asks the database how far the open tasks are.
    ///
    /// # Errors
    /// The query that failed.
    pub async fn look(&mut self, pool: &PgPool) -> Result<(), Unseen> {
        if self.open.is_empty() {
            return Ok(());
        }
        let uuids: Vec<Uuid> = self.open.keys().copied().collect();
        let progress = postgres::task_progress(pool, &uuids).await?;
        self.in_flight = progress.in_flight;
        // Tasks that came to rest took their transitions with them: any difference is a move.
        if progress.transitions != self.transitions {
            self.transitions = progress.transitions;
            self.moved = Some(Instant::now());
        }
        for (uuid, (index, created)) in &self.open {
            let waited = u64::try_from(created.elapsed().as_millis()).unwrap_or(u64::MAX);
            let task = &mut self.tasks[*index];
            task.waited_ms = waited;
            let state = progress.states.get(uuid).map(String::as_str);
            task.finished_ms = state
                .filter(|state| AT_REST.contains(state))
                .map(|_| waited);
        }
        let before = self.open.len();
        let tasks = &self.tasks;
        self.open.retain(|_, (index, _)| !tasks[*index].at_rest());
        self.at_rest += (before - self.open.len()) as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An open task that moved so many seconds ago.
    fn still_for(seconds: u64, in_flight: bool) -> Flight {
        Flight {
            moved: Instant::now().checked_sub(Duration::from_secs(seconds)),
            in_flight,
            ..Flight::default()
        }
    }

    #[test]
    fn whoever_has_a_step_is_waited_for_and_a_task_that_nobody_has_for_a_minute() {
        let patience = Duration::from_secs(15);

        assert!(!still_for(14, true).stalled(patience));
        assert!(still_for(16, true).stalled(patience));
        assert!(!still_for(61, false).stalled(patience));
        assert!(still_for(63, false).stalled(patience));
    }
}
