//! What PostgreSQL says: its catalogue, its queues, its sessions and who polls.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Observed;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DatabaseView {
    /// Its clock minus ours, in milliseconds, and how far that may be off.
    pub clock_ahead_ms: i64,
    pub clock_error_ms: i64,
    /// As `server_version_num`: 180006 is 18.6.
    pub version_num: i32,
    pub max_connections: i32,
    /// None: the extension is not installed.
    pub pgmq: Option<String>,
    pub migrations: Vec<Migration>,
    pub sessions: Vec<Session>,
    pub queues: Vec<Queue>,
    /// Names of queues in the tasks' database, where the queues have one of their own.
    #[serde(default)]
    pub misplaced_queues: Vec<String>,
    /// The role as which the cluster connects.
    pub role: String,
    /// Where the role looks for names without a schema, in this order.
    pub schemas: Vec<String>,
    pub deadlocks: i64,
    /// When that count was last set to zero; none: it is as old as the database, over all starts.
    pub counted_since: Option<DateTime<Utc>>,
    /// The part of the space for notifications that is in use, from 0 to 1.
    pub notify_usage: f64,
    /// Messages whose step is over: the oldest, at most a hundred a queue.
    pub zombies: Observed<Vec<Zombie>>,
    /// Tasks in the engine's dead letter table that nobody has resolved.
    pub dead_tasks: Observed<Vec<DeadTask>>,
}

/// A message whose step is over, so that whoever takes it can only put it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zombie {
    pub queue: String,
    pub message: i64,
    pub step: String,
    /// None: there is no such step.
    pub state: Option<String>,
    pub reads: i32,
    /// Seconds since it was sent.
    pub age_seconds: i64,
}

/// A row of `tasks_dlq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadTask {
    pub task: Uuid,
    pub reason: String,
    /// The state from which it was given up.
    pub state: String,
    pub at: DateTime<Utc>,
    /// Whether one of its steps was in a queue, in somebody's hands or to be tried again, or went on afterwards.
    pub step_on_its_way: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    pub version: i64,
    pub description: String,
    pub success: bool,
}

/// One client connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub pid: i32,
    /// The instance's id, since `PGAPPNAME` is set for each.
    pub application: String,
    pub state: Option<String>,
    /// Seconds in that state.
    pub state_seconds: Option<i64>,
    pub waiting_for_lock: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub name: String,
    pub messages: i64,
    /// Messages that a worker could take now.
    pub visible: i64,
    /// Seconds since the oldest visible message was sent.
    pub oldest_visible_seconds: Option<i64>,
    /// Seconds since the oldest visible message was sent that nobody has read yet.
    pub oldest_unread_seconds: Option<i64>,
    pub max_read_count: i32,
    /// The message of a step that is not over which others were taken before that were sent long after it.
    #[serde(default)]
    pub passed_over: Option<PassedOver>,
}

/// A message that nobody reads while younger ones of its queue are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    pub message: i64,
    pub step: String,
    /// Seconds since it was sent.
    pub age_seconds: i64,
    /// How much later one was sent that was taken, in seconds.
    pub by_seconds: i64,
    /// Messages before it whose step is over.
    pub dead_before: usize,
}

/// Who takes from which namespace's queue, by live evidence.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Subscriptions {
    /// Length of the look at the locks, in milliseconds.
    pub window_ms: u64,
    /// Milliseconds in which an instance visits all its namespaces once; not to be seen in a shorter window proves nothing.
    pub cycle_ms: u64,
    /// Seen holding the lock of a polling transaction on a queue's table.
    pub polls: Vec<Poll>,
    /// Sessions whose last statement was LISTEN: one channel a session at most is visible.
    pub listens: Vec<Listen>,
    /// Steps done by instances of this boot, from the audit and the canaries.
    pub work: Vec<WorkDone>,
    /// When the look began, by the database's clock.
    pub began: DateTime<Utc>,
    /// Instances that took from a queue since then, and how that was seen. What was seen of a boot before says which
    /// queues are its own, and not that it still takes from them.
    pub alive: BTreeMap<String, Sign>,
    /// By namespace, the rounds of tasks that were sent because somebody had not shown there.
    pub rounds: BTreeMap<String, u32>,
}

/// How it was seen that an instance takes from queues now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It held the lock of a poll that was not older than a poll can be.
    Polled,
    /// It stored a result.
    Worked,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    pub instance: String,
    pub namespace: String,
    pub first_seen: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listen {
    pub instance: String,
    pub channel: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkDone {
    pub instance: String,
    pub namespace: String,
    pub steps: u64,
}

impl Listen {
    /// The namespace of whose messages the channel tells; none for other channels.
    pub fn namespace(&self) -> Option<&str> {
        self.channel.strip_prefix("pgmq_message_ready.")
    }
}

impl DatabaseView {
    pub fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.name == name)
    }

    /// Whether the queue from which the namespace's workers take exists.
    pub fn has_queue_of(&self, namespace: &str) -> bool {
        let parts = |name: &str| {
            name.strip_prefix("worker_")
                .and_then(|rest| rest.strip_suffix("_queue"))
                == Some(namespace)
        };
        self.queues.iter().any(|queue| parts(&queue.name))
    }
}

impl Subscriptions {
    /// Which worker takes a step is chance; that one of two gets nothing in so many rounds of tasks is not.
    pub const ROUNDS: u32 = 5;

    /// Whether the instance was seen to take from any queue in this very look.
    pub fn is_alive(&self, instance: &str) -> bool {
        self.alive.contains_key(instance)
    }

    /// Whether the namespace was given work until chance explains nobody's absence from it.
    pub fn gave_work(&self, namespace: &str) -> bool {
        let rounds = self.rounds.get(namespace);
        rounds.is_some_and(|rounds| *rounds >= Self::ROUNDS)
    }

    /// Whether the instance was seen to take from the namespace's queue, by polling or by having worked.
    pub fn proven(&self, instance: &str, namespace: &str) -> bool {
        self.polls
            .iter()
            .any(|poll| poll.instance == instance && poll.namespace == namespace)
            || self
                .work
                .iter()
                .any(|work| work.instance == instance && work.namespace == namespace)
    }

    /// Instances seen to take from the namespace's queue, sorted.
    pub fn subscribers(&self, namespace: &str) -> Vec<&str> {
        let polls = self
            .polls
            .iter()
            .map(|poll| (&poll.instance, &poll.namespace));
        let work = self
            .work
            .iter()
            .map(|work| (&work.instance, &work.namespace));
        let mut names: Vec<&str> = polls
            .chain(work)
            .filter(|(_, candidate)| *candidate == namespace)
            .map(|(instance, _)| instance.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
