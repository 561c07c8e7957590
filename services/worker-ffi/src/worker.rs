//! The one worker of this process, and which of its calls are allowed when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::boot;
use crate::bridge::{Bridge, closed};
use crate::error::{Code, Error};
use crate::request::StartRequest;

enum State {
    Idle,
    Starting,
    Running(Arc<Bridge>),
    /// Its port, its connections and its threads are not free yet.
    Stopping,
}

static STATE: Mutex<State> = Mutex::new(State::Idle);

pub fn start(request: StartRequest) -> Result<Value, Error> {
    let starting = Starting::begin()?;
    let bridge = boot::boot(request)?;
    let identity = bridge.identity.clone();
    starting.done(bridge);
    Ok(identity)
}

pub fn running() -> Result<Arc<Bridge>, Error> {
    match &*state() {
        State::Running(bridge) => Ok(bridge.clone()),
        State::Idle | State::Starting | State::Stopping => Err(Error::not_started()),
    }
}

pub fn poll(timeout: Duration) -> Result<Option<Value>, Error> {
    let bridge = match &*state() {
        State::Running(bridge) => bridge.clone(),
        State::Stopping => return Ok(Some(closed())),
        State::Idle | State::Starting => return Err(Error::not_started()),
    };
    bridge.poll(timeout)
}

pub fn stop(patience: Duration) -> Result<Value, Error> {
    let (bridge, _stopping) = Stopping::begin()?;
    bridge.stop(patience)
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A start in progress. Dropped, by an error or a panic of the engine, it leaves things as if nobody had tried.
struct Starting {
    done: bool,
}

impl Starting {
    fn begin() -> Result<Self, Error> {
        let mut state = state();
        match *state {
            State::Idle => {
                *state = State::Starting;
                Ok(Self { done: false })
            }
            State::Starting | State::Running(_) => Err(Error::new(
                Code::AlreadyStarted,
                "this process runs a worker already",
            )
            .next("stop it with worker_stop before another start; one process holds one worker")),
            State::Stopping => Err(Error::new(
                Code::AlreadyStarted,
                "the worker of this process is stopping",
            )
            .next("start another one when worker_stop has returned")),
        }
    }

    fn done(mut self, bridge: Bridge) {
        self.done = true;
        *state() = State::Running(Arc::new(bridge));
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if !self.done {
            *state() = State::Idle;
        }
    }
}

/// A stop in progress. Dropped, at its end or by a panic of the engine, it leaves the way free for another start.
#[derive(Debug)]
struct Stopping;

impl Stopping {
    fn begin() -> Result<(Arc<Bridge>, Self), Error> {
        let mut state = state();
        match std::mem::replace(&mut *state, State::Stopping) {
            State::Running(bridge) => Ok((bridge, Self)),
            other => {
                *state = other;
                Err(Error::not_started())
            }
        }
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        *state() = State::Idle;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, since all would share the one state.
    #[test]
    fn while_a_stop_runs_a_poll_is_closed_and_a_start_is_refused() {
        *state() = State::Stopping;
        let stopping = Stopping;

        assert_eq!(poll(Duration::ZERO).unwrap(), Some(closed()));
        assert_eq!(running().err().unwrap().code, Code::NotStarted);
        assert_eq!(Stopping::begin().err().unwrap().code, Code::NotStarted);
        let refused = Starting::begin().err().unwrap();
        assert_eq!(refused.code, Code::AlreadyStarted);
        assert!(refused.to_string().contains("is stopping"), "{refused}");

        drop(stopping);
        assert_eq!(poll(Duration::ZERO).unwrap_err().code, Code::NotStarted);
        drop(Starting::begin().unwrap());
        assert_eq!(running().err().unwrap().code, Code::NotStarted);
    }
}
