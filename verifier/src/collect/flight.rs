//! Tasks that were created and are followed until they rest.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use uuid::Uuid;

use super::canary::AT_REST;
use super::postgres;
use crate::evidence::{Canary, Unseen};

#[derive(Default)]
pub(super) struct Flight {
    /// Every create that was tried.
    pub tasks: Vec<Canary>,
    /// Index of each task that is not at rest, and when it was created.
    open: HashMap<Uuid, (usize, Instant)>,
    at_rest: u64,
    transitions: i64,
    moved: Option<Instant>,
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

    pub const fn at_rest(&self) -> u64 {
        self.at_rest
    }

    /// Open tasks that were created within this time.
    pub fn younger_than(&self, age: Duration) -> usize {
        let young = |(_, created): &&(usize, Instant)| created.elapsed() < age;
        self.open.values().filter(young).count()
    }

    /// Whether no open task has moved for so long.
    pub fn stalled(&self, time: Duration) -> bool {
        self.moved.is_some_and(|moved| moved.elapsed() > time)
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
