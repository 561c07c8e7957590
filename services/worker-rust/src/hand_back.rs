//! The moment at which a stopping worker gives back what it cannot finish.
//!
//! The engine has no lease on a claimed step: one that its worker takes to the grave stays in progress for ever. A step
//! that fails for now instead, when time is nearly up, is run by another worker.

use tokio::sync::watch;

use crate::handler::Failed;

/// Rung once, heard by every run of a handler.
#[derive(Debug, Clone)]
pub struct HandBack(watch::Sender<bool>);

impl HandBack {
    /// Nothing is given back yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// From now on every run ends, and none begins.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    pub fn begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins.
    pub async fn wait(&self) {
        // The sender lives in `self`, so this does not fail.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }

    /// How a step ends that is given back by `instance`.
    pub fn failure(instance: &str) -> Failed {
        Failed {
            kind: "WorkerStopping",
            ..Failed::for_now(format!("given back: {instance} is stopping"))
        }
    }
}
