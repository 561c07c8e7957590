//! Carries dispatched steps from the engine's channel to ours.
//!
//! Three reasons for a channel of our own: the engine's closes only when the sender that it hands out for checkpoints
//! is dropped, so its end would never be seen; the engine drops a claimed step for ever when its bounded buffer is full,
//! so it is emptied at once; and a continuation after a checkpoint must not wait behind a full buffer.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender};

use crate::ledger::Ledger;

/// Runs until nobody receives, or until the last sender of continuations is gone.
pub async fn relay<Message: Send>(
    mut engine: Receiver<Message>,
    mut continued: Receiver<Message>,
    host: Sender<Message>,
    ledger: Arc<Ledger>,
) {
    let mut waiting = VecDeque::new();
    let mut engine_open = true;
    loop {
        tokio::select! {
            message = engine.recv(), if engine_open => match message {
                Some(message) => {
                    ledger.waiting();
                    waiting.push_back(message);
                }
                None => {
                    engine_open = false;
                    ledger.engine_closed();
                }
            },
            message = continued.recv() => match message {
                Some(message) => waiting.push_back(message),
                None => return,
            },
            slot = host.reserve(), if !waiting.is_empty() => match (slot, waiting.pop_front()) {
                (Ok(slot), Some(message)) => slot.send(message),
                _ => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_burst_empties_the_engines_buffer_although_nobody_polls() {
        let (engine, from_engine) = mpsc::channel(1);
        let (_again, continued) = mpsc::channel(1);
        let (to_host, mut host) = mpsc::channel(1);
        let ledger = Arc::new(Ledger::new());
        tokio::spawn(relay(from_engine, continued, to_host, ledger.clone()));

        for step in 0..100 {
            engine.send(step).await.unwrap();
        }
        drop(engine);

        for step in 0..100 {
            assert_eq!(host.recv().await, Some(step));
            ledger.polled(uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
        }
        assert_eq!(ledger.counts().waiting, 0);
    }

    #[tokio::test]
    async fn continuations_still_arrive_when_the_engine_has_closed() {
        let (engine, from_engine) = mpsc::channel(1);
        let (again, continued) = mpsc::channel(1);
        let (to_host, mut host) = mpsc::channel(1);
        let ledger = Arc::new(Ledger::new());
        let task = tokio::spawn(relay(from_engine, continued, to_host, ledger.clone()));

        drop(engine);
        let mut closed = ledger.closed();
        closed.wait_for(|closed| *closed).await.unwrap();
        again.send("again").await.unwrap();
        assert_eq!(host.recv().await, Some("again"));

        drop(again);
        task.await.unwrap();
    }
}
