//! Who has which step: waiting to be polled, in the host's hands, or on its way back to the engine.
//!
//! It answers one question that the engine cannot: is everything done, so that the host may stop? The engine's channel
//! closes when it will dispatch no more, and steps may then still be waiting, running, or about to continue after a
//! checkpoint.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

/// A step in the host's hands.
#[derive(Debug, Clone, Copy)]
pub struct InHand {
    pub step: Uuid,
    pub polled_at: Instant,
    /// The engine has given it up; the host may still complete it, which is then too late.
    pub overdue: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub waiting: usize,
    pub in_hand: usize,
    pub polled: u64,
    pub completed: u64,
    pub checkpointed: u64,
    pub timed_out: u64,
}

#[derive(Debug, Default)]
struct Entries {
    engine_closed: bool,
    returning: usize,
    in_hand: HashMap<Uuid, InHand>,
    counts: Counts,
}

impl Entries {
    /// What the engine still waits for.
    fn held(&self) -> impl Iterator<Item = &InHand> {
        self.in_hand.values().filter(|held| !held.overdue)
    }
}

#[derive(Debug)]
pub struct Ledger {
    entries: Mutex<Entries>,
    closed: watch::Sender<bool>,
}

/// How a completion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    Accepted,
    TimedOut,
    Refused,
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            entries: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }

    /// Sees `true` once the engine dispatches no more and nothing is waiting or in hand.
    pub fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Whatever is still in hand will not be waited for.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    pub fn engine_closed(&self) {
        self.change(|entries| entries.engine_closed = true);
    }

    /// A step arrived, or will arrive again after a checkpoint.
    pub fn waiting(&self) {
        self.change(|entries| entries.counts.waiting += 1);
    }

    /// The announced step does not come.
    pub fn not_waiting(&self) {
        self.change(|entries| entries.counts.waiting = entries.counts.waiting.saturating_sub(1));
    }

    pub fn polled(&self, event: Uuid, step: Uuid) {
        self.change(|entries| {
            entries.counts.waiting = entries.counts.waiting.saturating_sub(1);
            entries.counts.polled += 1;
            entries.in_hand.insert(
                event,
                InHand {
                    step,
                    polled_at: Instant::now(),
                    overdue: false,
                },
            );
        });
    }

    /// Takes the event out of the host's hands for good: of two calls for one event, one gets it.
    pub fn take(&self, event: Uuid) -> Option<InHand> {
        let mut entries = self.lock();
        let taken = entries.in_hand.remove(&event);
        entries.returning += usize::from(taken.is_some());
        taken
    }

    /// What was polled longer ago than this the engine has given up by now, and the host may never complete it: nobody
    /// waits for that.
    pub fn expire(&self, now: Instant, patience: Duration) {
        self.change(|entries| {
            for held in entries.in_hand.values_mut().filter(|held| !held.overdue) {
                held.overdue = now.saturating_duration_since(held.polled_at) > patience;
                entries.counts.timed_out += u64::from(held.overdue);
            }
        });
    }

    pub fn returned(&self, how: Returned) {
        self.change(|entries| {
            entries.returning = entries.returning.saturating_sub(1);
            match how {
                Returned::Accepted => entries.counts.completed += 1,
                Returned::TimedOut => entries.counts.timed_out += 1,
                Returned::Refused => {}
            }
        });
    }

    pub fn checkpointed(&self) {
        self.change(|entries| {
            entries.returning = entries.returning.saturating_sub(1);
            entries.counts.checkpointed += 1;
        });
    }

    pub fn counts(&self) -> Counts {
        let entries = self.lock();
        Counts {
            in_hand: entries.held().count(),
            ..entries.counts
        }
    }

    pub fn oldest_in_hand(&self) -> Option<Instant> {
        self.lock().held().map(|held| held.polled_at).min()
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) {
        let mut entries = self.lock();
        change(&mut entries);
        if entries.engine_closed
            && entries.counts.waiting == 0
            && entries.returning == 0
            && entries.held().next().is_none()
        {
            self.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(ledger: &Ledger) -> bool {
        *ledger.closed().borrow()
    }

    #[test]
    fn it_closes_only_when_the_last_step_in_hand_is_back() {
        let ledger = Ledger::new();
        let event = Uuid::now_v7();
        ledger.waiting();
        ledger.engine_closed();
        assert!(!closed(&ledger));

        ledger.polled(event, Uuid::now_v7());
        assert!(!closed(&ledger));

        ledger.take(event).unwrap();
        assert!(!closed(&ledger), "the result is not with the engine yet");

        ledger.returned(Returned::Accepted);
        assert!(closed(&ledger));
        assert_eq!(
            ledger.counts(),
            Counts {
                polled: 1,
                completed: 1,
                ..Counts::default()
            }
        );
    }

    #[test]
    fn a_step_that_continues_after_a_checkpoint_keeps_it_open() {
        let ledger = Ledger::new();
        let event = Uuid::now_v7();
        ledger.waiting();
        ledger.polled(event, Uuid::now_v7());
        ledger.engine_closed();

        ledger.take(event).unwrap();
        ledger.waiting();
        ledger.checkpointed();

        assert!(!closed(&ledger));
    }

    #[test]
    fn an_event_can_be_taken_once() {
        let ledger = Ledger::new();
        let event = Uuid::now_v7();
        ledger.waiting();
        ledger.polled(event, Uuid::now_v7());

        assert!(ledger.take(event).is_some());
        assert!(ledger.take(event).is_none());
    }

    #[test]
    fn a_step_that_the_engine_gave_up_keeps_nobody_waiting() {
        let ledger = Ledger::new();
        let (overdue, patience) = (Uuid::now_v7(), Duration::from_secs(60));
        ledger.waiting();
        ledger.polled(overdue, Uuid::now_v7());
        ledger.engine_closed();

        ledger.expire(Instant::now() + Duration::from_secs(59), patience);
        assert!(!closed(&ledger));

        ledger.expire(Instant::now() + Duration::from_secs(61), patience);
        ledger.expire(Instant::now() + Duration::from_secs(62), patience);
        assert!(closed(&ledger));
        assert_eq!((ledger.counts().in_hand, ledger.counts().timed_out), (0, 1));
        assert_eq!(ledger.oldest_in_hand(), None);
        assert!(
            ledger.take(overdue).unwrap().overdue,
            "who completes it late is told why it was not taken"
        );
    }

    #[test]
    fn an_idle_worker_is_not_closed() {
        assert!(!closed(&Ledger::new()));
    }
}
