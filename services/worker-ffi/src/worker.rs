//! The one worker of this process, and which of its calls are allowed when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::boot;
use crate::bridge::Bridge;
use crate::error::{Code, Error};
use crate::request::StartRequest;

enum State {
    Idle,
    Starting,
    Running(Arc<Bridge>),
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
        State::Idle | State::Starting => Err(Error::not_started()),
    }
}

/// After this the next call finds nothing running; the bridge is the caller's to take apart.
pub fn take() -> Result<Arc<Bridge>, Error> {
    let mut state = state();
    match std::mem::replace(&mut *state, State::Idle) {
        State::Running(bridge) => Ok(bridge),
        other => {
            *state = other;
            Err(Error::not_started())
        }
    }
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
