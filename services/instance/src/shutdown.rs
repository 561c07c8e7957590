//! The wish to stop: SIGTERM from the supervisor, SIGINT from a terminal.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::Failure;

/// From the signal to the exit: the supervisor kills after ten seconds, and the runtime needs a moment to end.
const STOP_LIMIT: Duration = Duration::from_millis(9_300);

/// How long a boot that is under way may go on after the wish to stop. Healthy ones take a third of a second.
const BOOT_PATIENCE: Duration = Duration::from_secs(3);

/// Listens for both signals from the moment it is made, so that one sent while the engine boots is not lost.
pub struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
    first: Option<(&'static str, Instant)>,
}

impl Shutdown {
    /// Begins to listen.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::other(format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            first: None,
        })
    }

    /// Waits for the first signal and names it. Later ones change nothing: Ctrl-C reaches the process twice, once from
    /// the terminal and once from the supervisor.
    pub async fn requested(&mut self) -> &'static str {
        if let Some((signal, _)) = self.first {
            return signal;
        }
        let signal = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        self.first = Some((signal, Instant::now()));
        signal
    }

    /// When the process has to be gone: counted from the signal, or from now when there was none.
    pub fn deadline(&self) -> Instant {
        self.first.map_or_else(Instant::now, |(_, at)| at) + STOP_LIMIT
    }

    /// Boots, and gives up on it a little after a signal. A boot that ends in time counts, even then: the engine may
    /// have claimed steps by now, which only an orderly stop brings to an end.
    pub async fn unless_requested<T>(&mut self, boot: impl Future<Output = T>) -> Option<T> {
        let mut boot = pin!(boot);
        let signal = tokio::select! {
            booted = &mut boot => return Some(booted),
            signal = self.requested() => signal,
        };
        tracing::info!("{signal} while starting");
        tokio::time::timeout(BOOT_PATIENCE, boot).await.ok()
    }
}
