//! How long servers that are too busy are waited for. Whatever is sent in one run shares that patience.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A server that took nothing while it was waited for so long refuses, and so do all in a run in which none did.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nobody is asked again sooner, whatever was said.
const LEAST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Backpressure {
    patience: Duration,
    waits: Mutex<Waits>,
}

#[derive(Debug, Default)]
struct Waits {
    by_server: BTreeMap<String, Waited>,
    /// For any of them.
    all: Waited,
}

/// For how long was waited.
#[derive(Debug, Default, Clone, Copy)]
struct Waited {
    /// Counted once, however many wait at the same time.
    spent: Duration,
    until: Option<Instant>,
}

impl Default for Backpressure {
    fn default() -> Self {
        Self::with_patience(PATIENCE)
    }
}

impl Backpressure {
    pub fn with_patience(patience: Duration) -> Self {
        Self {
            patience,
            waits: Mutex::default(),
        }
    }

    /// How long to wait for a server that said to come back after `asked`; none when there is no patience left.
    pub fn wait(&self, server: &str, asked: Duration) -> Option<Duration> {
        let now = Instant::now();
        let Waits { by_server, all } = &mut *self.lock();
        let of_server = by_server.entry(server.to_owned()).or_default();
        let left = |waited: &Waited| waited.longest(now, self.patience);
        let longest = left(of_server).min(left(all));
        if longest.is_zero() {
            return None;
        }
        let wait = asked.max(LEAST).min(longest);
        of_server.add(now, wait);
        all.add(now, wait);
        Some(wait)
    }

    /// Whether somebody waits for the server now.
    pub fn is_waited_for(&self, server: &str) -> bool {
        let now = Instant::now();
        let waits = self.lock();
        let waited = waits.by_server.get(server);
        waited.is_some_and(|it| it.goes_on(now))
    }

    /// Servers that somebody waits for now.
    pub fn waited_for(&self) -> usize {
        let now = Instant::now();
        let waits = self.lock();
        waits
            .by_server
            .values()
            .filter(|it| it.goes_on(now))
            .count()
    }

    /// The server took a task: what it was waited for so far no longer counts.
    pub fn forgive(&self, server: &str) {
        let mut waits = self.lock();
        waits.by_server.remove(server);
        waits.all = Waited::default();
    }

    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waited {
    fn goes_on(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// Until when somebody waits already, which costs no more.
    fn paid(&self, now: Instant) -> Instant {
        self.until.map_or(now, |until| until.max(now))
    }

    fn longest(&self, now: Instant, patience: Duration) -> Duration {
        (self.paid(now) - now) + patience.saturating_sub(self.spent)
    }

    fn add(&mut self, now: Instant, wait: Duration) {
        let paid = self.paid(now);
        let until = paid.max(now + wait);
        self.spent += until - paid;
        self.until = Some(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_server_is_asked_in_a_tight_loop_nor_waited_for_without_end() {
        let all = Backpressure::default();

        assert_eq!(all.wait("orchestration-1", seconds(0)), Some(LEAST));
        assert_eq!(all.wait("orchestration-2", seconds(15)), Some(seconds(15)));
        let rest = all.wait("orchestration-1", seconds(u64::MAX)).unwrap();
        assert!(rest <= PATIENCE && rest > PATIENCE - LEAST, "{rest:?}");
    }

    #[test]
    fn many_that_wait_together_spend_no_more_than_one() {
        let mut waited = Waited::default();
        let now = Instant::now();

        for _ in 0..9 {
            waited.add(now, seconds(15));
        }
        assert_eq!(waited.spent, seconds(15));
        waited.add(now + seconds(5), seconds(15));
        assert_eq!(waited.spent, seconds(20));
        let longest = waited.longest(now + seconds(20), PATIENCE);
        assert_eq!(longest, seconds(40));
    }

    #[test]
    fn what_is_waited_for_one_server_is_not_waited_for_another_until_one_takes_a_task() {
        let all = Backpressure::with_patience(LEAST);
        let wait = |server: &str| all.wait(server, seconds(9)).is_some();
        assert!(wait("orchestration-1") && wait("orchestration-2"));
        assert_eq!(all.waited_for(), 2);

        std::thread::sleep(LEAST);
        assert!(!all.is_waited_for("orchestration-1"));
        assert!(!wait("orchestration-1") && !wait("orchestration-3"));
        all.forgive("orchestration-2");

        assert!(wait("orchestration-2") && !wait("orchestration-1"));
    }
}
