//! Who has which step: waiting to be polled, in the host's hands, or on its way back to the engine.
//!
//! It answers one question that the engine cannot: is everything done, so that the host may stop? The engine's channel
//! closes when it will dispatch no more, and steps may then still be waiting, running, or about to continue after a
//! checkpoint.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use uuid::Uuid;

/// A step in the host's hands.
#[derive(Debug, Clone, Copy)]
pub struct InHand {
    pub step: Uuid,
    pub polled_at: Instant,
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
            in_hand: entries.in_hand.len(),
            ..entries.counts
        }
    }

    pub fn oldest_in_hand(&self) -> Option<Instant> {
        self.lock()
            .in_hand
            .values()
            .map(|held| held.polled_at)
            .min()
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) {
        let mut entries = self.lock();
        change(&mut entries);
        if entries.engine_closed
            && entries.counts.waiting == 0
            && entries.returning == 0
            && entries.in_hand.is_empty()
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
    fn an_idle_worker_is_not_closed() {
        assert!(!closed(&Ledger::new()));
    }
}
