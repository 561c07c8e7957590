//! Sends many tasks of one workload, so many open at once, and follows them until they rest.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};
use sqlx::PgPool;
use tokio::signal::unix::Signal;
use uuid::Uuid;

use super::canary::{AT_REST, create, look_back};
use super::postgres::{self, Databases};
use super::progress::Progress;
use super::servers::Servers;
use crate::evidence::{Canary, CreateOutcome, Unseen};
use crate::topology::{Topology, Workload};

/// Tasks that make no move for this long are given up; a retry is waited for.
const STALLED: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// Reads of the finished tasks at a time.
const READERS: usize = 4;

/// How many tasks to send.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub number: usize,
    /// Tasks open at once.
    pub concurrency: usize,
}

/// What became of the load.
#[derive(Debug)]
pub struct Sent {
    /// Every create that was tried.
    pub tasks: Vec<Canary>,
    /// Ctrl-C came before all were created.
    pub interrupted: bool,
}

/// Creates through the orchestration servers in turn; the first Ctrl-C ends that, a second one the waiting.
///
/// # Errors
/// What could not be asked.
pub async fn send(
    topology: &Topology,
    workload: &Workload,
    load: Load,
    pool: &Databases,
    interrupts: &mut Signal,
    progress: &Progress,
) -> Result<Sent, Unseen> {
    let servers = Servers::of(topology)?;
    let mut run = Run::default();
    if servers.all.is_empty() {
        return Err(Unseen::new(
            "the orchestration servers",
            "the topology has none",
        ));
    }
    let mut creates = FuturesUnordered::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut started = 0;
    loop {
        // The engine refuses the first concurrent creates of a template: the first one goes alone.
        let room = if run.tasks.is_empty() {
            1
        } else {
            load.concurrency
        };
        while !run.stopped() && started < load.number && creates.len() + run.open.len() < room {
            let server = &servers.all[started % servers.all.len()];
            creates.push(create(&servers, workload, "run", server, &[], pool));
            started += 1;
        }
        let all_created = run.stopped() || started == load.number;
        if creates.is_empty() && run.open.is_empty() && all_created {
            break;
        }
        if creates.is_empty() && (run.stalled() || run.interrupts > 1) {
            break;
        }
        run.show(progress);
        tokio::select! {
            Some(task) = creates.next() => run.add(task),
            _ = look.tick() => run.look(pool).await?,
            _ = interrupts.recv() => run.interrupts += 1,
        }
    }
    progress.say("reading every task through every server");
    run.tasks = futures::stream::iter(run.tasks)
        .map(|task| read(&servers, pool, task))
        .buffered(READERS)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(Sent {
        interrupted: run.interrupts > 0 && started < load.number,
        tasks: run.tasks,
    })
}

#[derive(Default)]
struct Run {
    tasks: Vec<Canary>,
    /// Index of each task that is not at rest, and when it was created.
    open: HashMap<Uuid, (usize, Instant)>,
    at_rest: u64,
    transitions: i64,
    moved: Option<Instant>,
    interrupts: u32,
    /// The first create was refused, and so would all others be.
    refused: bool,
}

impl Run {
    const fn stopped(&self) -> bool {
        self.interrupts > 0 || self.refused
    }

    fn stalled(&self) -> bool {
        self.moved.is_some_and(|moved| moved.elapsed() > STALLED)
    }

    fn add(&mut self, task: Canary) {
        let refused = !matches!(task.create, CreateOutcome::Created { .. });
        self.refused |= refused && self.tasks.is_empty();
        if let Some(Ok(uuid)) = task.create.task_uuid().map(str::parse) {
            self.open.insert(uuid, (self.tasks.len(), Instant::now()));
            self.moved = Some(Instant::now());
        }
        self.tasks.push(task);
    }

    async fn look(&mut self, pool: &PgPool) -> Result<(), Unseen> {
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

    fn show(&self, progress: &Progress) {
        progress.reached(self.at_rest);
        progress.say(match self.interrupts {
            0 => format!("at rest, {} open", self.open.len()),
            _ => format!(
                "stopping: {} open; Ctrl-C again waits no longer",
                self.open.len()
            ),
        });
    }
}

/// What the servers and the database say of the task at the end.
async fn read(servers: &Servers, pool: &Databases, mut task: Canary) -> Result<Canary, Unseen> {
    look_back(servers, pool, &mut task).await?;
    Ok(task)
}

/// The uuids of the tasks that exist.
pub fn uuids(tasks: &[Canary]) -> HashSet<Uuid> {
    tasks
        .iter()
        .filter_map(|task| task.create.task_uuid()?.parse().ok())
        .collect()
}
