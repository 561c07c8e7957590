//! What a workload has to offer: something that turns a step into a result or a failure.

use async_trait::async_trait;
use serde_json::Value;

use crate::step::Step;

/// What a step comes to.
pub type Outcome = Result<Value, Failed>;

/// Runs the steps whose template names it as their `callable`.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Runs one step.
    async fn call(&self, step: &Step<'_>) -> Outcome;
}

/// A plain function will do where nothing is waited for.
#[async_trait]
impl<F> Handler for F
where
    F: Fn(&Step<'_>) -> Outcome + Send + Sync,
{
    async fn call(&self, step: &Step<'_>) -> Outcome {
        self(step)
    }
}

/// Why a step failed, and whether trying again can help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// For people.
    pub message: String,
    /// For programs.
    pub kind: &'static str,
    /// Whether the engine may try again, as often as the template allows.
    pub retryable: bool,
}

impl Failed {
    /// The input is wrong: it will be as wrong next time.
    pub fn permanently(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind: "PermanentError",
            retryable: false,
        }
    }

    /// It may work next time.
    pub fn for_now(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind: "RetryableError",
            retryable: true,
        }
    }
}
