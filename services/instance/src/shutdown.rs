//! The wish to stop: SIGTERM from the supervisor, SIGINT from a terminal.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::Failure;

/// Listens for both signals from the moment it is made, so that one sent while the engine boots is not lost.
pub struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

impl Shutdown {
    /// Begins to listen.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::other(format!("cannot listen for signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the first signal and names it. Later ones change nothing: Ctrl-C reaches the process twice, once from
    /// the terminal and once from the supervisor.
    pub async fn requested(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
