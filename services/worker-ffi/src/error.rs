//! What a call of the interface can fail with: a code for programs, a message and the next step for people.

use serde::Serialize;
use serde_json::{Value, json};

/// Stable: hosts branch on it. Documented in `include/worker_ffi.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    AlreadyStarted,
    CheckpointFailed,
    Configuration,
    Engine,
    InvalidArgument,
    NotStarted,
    Panic,
    StopIncomplete,
    TimedOut,
    UnknownEvent,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: Code,
    message: String,
    next: Option<String>,
}

impl Error {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            next: None,
        }
    }

    /// What the reader of the message can do about it.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    pub fn not_started() -> Self {
        Self::new(Code::NotStarted, "the worker is not running").next("call worker_start first")
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message).next("see the shapes in worker_ffi.h")
    }

    pub fn engine(message: impl Into<String>) -> Self {
        Self::new(Code::Engine, message).next("the worker's log has the engine's own words")
    }

    pub fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(next) = &self.next {
            error["next"] = json!(next);
        }
        json!({"ok": false, "error": error})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_programs_a_code_and_people_the_next_step() {
        let json = Error::not_started().to_json();

        assert_eq!(json["ok"], false);
        assert_eq!(json["error"]["code"], "not_started");
        assert_eq!(json["error"]["next"], "call worker_start first");
    }

    #[test]
    fn without_a_next_step_the_key_is_absent() {
        let json = Error::new(Code::Panic, "gone").to_json();

        assert_eq!(json["error"].as_object().map(|error| error.len()), Some(2));
    }
}
