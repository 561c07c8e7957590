//! Sends many tasks of one workload, so many open at once, and follows them until they rest.

use std::collections::HashSet;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::signal::unix::Signal;
use uuid::Uuid;

use super::create::create;
use super::flight::Flight;
use super::postgres::Databases;
use super::progress::Progress;
use super::reading::look_back;
use super::servers::Servers;
use crate::evidence::{Canary, CreateOutcome, Unseen};
use crate::project::Project;
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
    project: &Project,
    topology: &Topology,
    workload: &Workload,
    load: Load,
    pool: &Databases,
    interrupts: &mut Signal,
    progress: &Progress,
) -> Result<Sent, Unseen> {
    let servers = Servers::of(topology, Some(project))?;
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
        let room = if run.flight.tasks.is_empty() {
            1
        } else {
            load.concurrency
        };
        while !run.stopped() && started < load.number && creates.len() + run.flight.open() < room {
            let server = &servers.all[started % servers.all.len()];
            creates.push(create(&servers, workload, "run", server, &[], pool));
            started += 1;
        }
        let all_created = run.stopped() || started == load.number;
        if creates.is_empty() && run.flight.open() == 0 && all_created {
            break;
        }
        if creates.is_empty() && (run.flight.stalled(STALLED) || run.interrupts > 1) {
            break;
        }
        run.show(load.number, progress);
        tokio::select! {
            Some(task) = creates.next() => run.add(task),
            _ = look.tick() => run.flight.look(pool).await?,
            _ = interrupts.recv() => {
                run.interrupts += 1;
                servers.stop_waiting();
            }
        }
    }
    progress.say("reading every task through every server");
    let tasks = futures::stream::iter(run.flight.tasks)
        .map(|task| read(&servers, pool, task))
        .buffered(READERS)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(Sent {
        interrupted: run.interrupts > 0 && started < load.number,
        tasks,
    })
}

#[derive(Default)]
struct Run {
    flight: Flight,
    interrupts: u32,
    /// The first create was refused, and so would all others be.
    refused: bool,
}

impl Run {
    const fn stopped(&self) -> bool {
        self.interrupts > 0 || self.refused
    }

    fn add(&mut self, task: Canary) {
        let refused = !matches!(task.create, CreateOutcome::Created { .. });
        self.refused |= refused && self.flight.tasks.is_empty();
        self.flight.add(task);
    }

    fn show(&self, number: usize, progress: &Progress) {
        progress.reached(self.flight.at_rest());
        let open = self.flight.open();
        progress.say(match self.interrupts {
            0 => format!("{} of {number} at rest, {open} open", self.flight.at_rest()),
            _ => format!("stopping: {open} open; Ctrl-C again waits no longer"),
        });
    }
}

/// What the servers and the database say of the task at the end.
async fn read(servers: &Servers, pool: &Databases, mut task: Canary) -> Result<Canary, Unseen> {
    look_back(servers, pool, std::slice::from_mut(&mut task)).await?;
    Ok(task)
}

/// The uuids of the tasks that exist.
pub fn uuids(tasks: &[Canary]) -> HashSet<Uuid> {
    tasks
        .iter()
        .filter_map(|task| task.create.task_uuid()?.parse().ok())
        .collect()
}
