//! A running worker: what `poll`, `complete`, `checkpoint` and `status` do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use instance::Ids;
use serde_json::{Value, json};
use tasker_worker::WorkerSystemHandle;
use tasker_worker::worker::{FfiDispatchChannel, WorkerCore};
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::calls::Calls;
use crate::checkpoint::Checkpoint;
use crate::error::{Code, Error};
use crate::events::Events;
use crate::ledger::{InHand, Ledger, Returned};
use crate::outcome::Outcome;
use crate::step_event;

pub struct Bridge {
    pub instance: String,
    /// The answer of `worker_start`.
    pub identity: Value,
    pub ids: Ids,
    pub namespaces: Vec<String>,
    pub handler_timeout: Duration,
    pub runtime: Mutex<Option<Runtime>>,
    pub handle: Handle,
    /// Taken away at the stop: its completion sender must be gone for the completion processor to end.
    pub channel: Mutex<Option<Arc<FfiDispatchChannel>>>,
    pub ledger: Arc<Ledger>,
    pub events: Arc<Events>,
    pub calls: Calls,
    pub core: Arc<tokio::sync::Mutex<WorkerCore>>,
    pub system: tokio::sync::Mutex<WorkerSystemHandle>,
    pub processor: Mutex<Option<JoinHandle<()>>>,
    /// The engine being stopped, once `drain` was called.
    pub draining: Mutex<Option<JoinHandle<Result<(), String>>>>,
}

impl Bridge {
    #[must_use]
    pub fn owning(self, runtime: Runtime) -> Self {
        *lock(&self.runtime) = Some(runtime);
        self
    }

    /// A step, `{"kind":"closed"}`, or nothing within `timeout`.
    pub fn poll(&self, timeout: Duration) -> Result<Option<Value>, Error> {
        let _call = self.calls.enter();
        let Some(channel) = self.channel() else {
            return Ok(Some(closed()));
        };
        let mut done = self.ledger.closed();
        let event = self.handle.block_on(async {
            tokio::select! {
                // A step that is ready is never passed over.
                biased;
                // `poll_async` waits for its turn among several pollers before its own clock starts.
                event = tokio::time::timeout(timeout, channel.poll_async(timeout)) => event.ok().flatten(),
                _ = done.wait_for(|closed| *closed) => None,
            }
        });
        match event {
            Some(event) => {
                self.ledger.polled(event.event_id, event.step_uuid);
                Ok(Some(step_event::to_json(&event)))
            }
            None if *self.ledger.closed().borrow() => Ok(Some(closed())),
            None => Ok(None),
        }
    }

    pub fn complete(&self, event: Uuid, outcome: Outcome) -> Result<Value, Error> {
        let _call = self.calls.enter();
        let channel = self.channel().ok_or_else(Error::not_started)?;
        let held = self.ledger.take(event).ok_or_else(|| unknown(event))?;
        let mut outcome = outcome;
        self.events
            .expect(held.step, std::mem::take(&mut outcome.events));
        let ms = i64::try_from(held.polled_at.elapsed().as_millis()).unwrap_or(i64::MAX);
        let result = outcome.into_engine(held.step, ms, &self.instance);

        if channel.complete(event, result) {
            self.ledger.returned(Returned::Accepted);
            return Ok(json!({"ok": true}));
        }
        self.events.forget(held.step);
        Err(self.refused(&held))
    }

    pub fn checkpoint(&self, event: Uuid, checkpoint: Checkpoint) -> Result<Value, Error> {
        let _call = self.calls.enter();
        let channel = self.channel().ok_or_else(Error::not_started)?;
        let held = self.ledger.take(event).ok_or_else(|| unknown(event))?;
        // Announced first: the continuation may be polled before the call returns.
        self.ledger.waiting();
        if channel.checkpoint_yield(event, checkpoint.into_engine(held.step)) {
            self.ledger.checkpointed();
            return Ok(json!({"ok": true}));
        }
        self.ledger.not_waiting();
        if held.polled_at.elapsed() > self.handler_timeout {
            return Err(self.refused(&held));
        }
        self.ledger.returned(Returned::Refused);
        Err(Error::new(
            Code::CheckpointFailed,
            "the checkpoint was not stored; the engine was told that the step failed",
        )
        .next("do nothing more for this event: the step is retried as its template says"))
    }

    pub fn status(&self) -> Value {
        let _call = self.calls.enter();
        let counts = self.ledger.counts();
        let oldest = self
            .ledger
            .oldest_in_hand()
            .map(|at| u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX));
        let phase = match (
            *self.ledger.closed().borrow(),
            lock(&self.draining).is_some(),
        ) {
            (true, _) => "closed",
            (false, true) => "draining",
            (false, false) => "running",
        };
        json!({
            "ok": true,
            "phase": phase,
            "waiting": counts.waiting,
            "in_hand": counts.in_hand,
            "polled": counts.polled,
            "completed": counts.completed,
            "checkpointed": counts.checkpointed,
            "timed_out": counts.timed_out,
            "oldest_in_hand_ms": oldest,
            "identity": self.identity,
        })
    }

    fn channel(&self) -> Option<Arc<FfiDispatchChannel>> {
        lock(&self.channel).clone()
    }

    fn refused(&self, held: &InHand) -> Error {
        if held.polled_at.elapsed() > self.handler_timeout {
            self.ledger.returned(if held.overdue {
                Returned::Refused
            } else {
                Returned::TimedOut
            });
            return Error::new(
                Code::TimedOut,
                format!("the engine gave the step up after {} ms and retries it", self.handler_timeout.as_millis()),
            )
            .next("raise worker.mpsc_channels.handler_dispatch.handler_timeout_ms above the longest handler");
        }
        self.ledger.returned(Returned::Refused);
        Error::engine(
            "the engine did not take the result: its completion channel is full or closed",
        )
    }
}

pub fn closed() -> Value {
    json!({"kind": "closed"})
}

fn unknown(event: Uuid) -> Error {
    Error::new(
        Code::UnknownEvent,
        format!("no step in hand has event {event}"),
    )
    .next("complete each event once, with the event_id that worker_poll gave")
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
