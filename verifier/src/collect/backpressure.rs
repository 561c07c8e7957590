//! How long servers that are too busy are waited for. Whatever is sent in one run shares that patience.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A server that was waited for so long, all in all, refuses.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nobody is asked again sooner, whatever was said.
const LEAST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Backpressure {
    patience: Duration,
    by_server: Mutex<BTreeMap<String, Waited>>,
}

/// What a server was waited for.
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
            by_server: Mutex::default(),
        }
    }

    /// How long to wait for a server that said to come back after `asked`; none when there is no patience left.
    pub fn wait(&self, server: &str, asked: Duration) -> Option<Duration> {
        let mut by_server = self.lock();
        let waited = by_server.entry(server.to_owned()).or_default();
        waited.wait(Instant::now(), asked, self.patience)
    }

    /// Whether somebody waits for the server now.
    pub fn is_waited_for(&self, server: &str) -> bool {
        let now = Instant::now();
        self.lock().get(server).is_some_and(|it| it.goes_on(now))
    }

    /// Servers that somebody waits for now.
    pub fn waited_for(&self) -> usize {
        let now = Instant::now();
        self.lock().values().filter(|it| it.goes_on(now)).count()
    }

    /// What the server was waited for so far no longer counts.
    pub fn forgive(&self, server: &str) {
        self.lock().remove(server);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Waited>> {
        self.by_server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waited {
    fn goes_on(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    fn wait(&mut self, now: Instant, asked: Duration, patience: Duration) -> Option<Duration> {
        // Until then somebody waits already, which costs no more.
        let paid = self.until.map_or(now, |until| until.max(now));
        let longest = (paid - now) + patience.saturating_sub(self.spent);
        if longest.is_zero() {
            return None;
        }
        let wait = asked.max(LEAST).min(longest);
        let until = paid.max(now + wait);
        self.spent += until - paid;
        self.until = Some(until);
        Some(wait)
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
        let mut waited = Waited::default();
        let mut now = Instant::now();

        assert_eq!(waited.wait(now, seconds(0), PATIENCE), Some(LEAST));
        now += LEAST;
        assert_eq!(waited.wait(now, seconds(15), PATIENCE), Some(seconds(15)));
        now += seconds(15);
        assert_eq!(
            waited.wait(now, seconds(u64::MAX), PATIENCE),
            Some(seconds(44))
        );
        now += seconds(44);
        assert_eq!(waited.wait(now, seconds(0), PATIENCE), None);
    }

    #[test]
    fn many_that_wait_together_spend_no_more_than_one() {
        let mut waited = Waited::default();
        let now = Instant::now();

        for _ in 0..9 {
            assert_eq!(waited.wait(now, seconds(15), PATIENCE), Some(seconds(15)));
        }
        assert_eq!(waited.spent, seconds(15));
        waited.wait(now + seconds(5), seconds(15), PATIENCE);
        assert_eq!(waited.spent, seconds(20));
    }

    #[test]
    fn each_server_has_its_own_patience_and_gets_it_back_when_forgiven() {
        let all = Backpressure::with_patience(LEAST);
        let wait = |server: &str| all.wait(server, seconds(9)).is_some();
        assert!(wait("orchestration-1") && wait("orchestration-2"));
        assert_eq!(all.waited_for(), 2);

        std::thread::sleep(LEAST);
        assert!(!all.is_waited_for("orchestration-1"));
        assert!(!wait("orchestration-1"));
        all.forgive("orchestration-1");

        assert!(wait("orchestration-1") && !wait("orchestration-2"));
    }
}
