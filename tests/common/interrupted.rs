//! A signal in the middle of a fault: the cluster is put right before the process ends.
//!
//! A test that is interrupted drops nothing, and what it halted would stay halted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::outcome;

/// Whether there is something to put right.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// From now on a signal that ends the process does `put_right` first.
///
/// # Errors
/// The signals cannot be waited for.
pub(crate) fn watch(put_right: fn()) -> Result<()> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*watched {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let waiting = wait(put_right, || drop(tell.send(Ok(()))));
            drop(tell.send(waiting));
        });
        told.recv()??;
        *watched = true;
    }
    BROKEN.store(true, Ordering::SeqCst);
    Ok(())
}

/// There is nothing to put right any more.
pub(crate) fn is_mended() {
    BROKEN.store(false, Ordering::SeqCst);
}

/// Ends the process at the first signal.
fn wait(put_right: fn(), is_ready: impl FnOnce()) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("a runtime for signals")?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        is_ready();
        let signal = tokio::select! {
            _ = interrupt.recv() => Signal::SIGINT,
            _ = terminate.recv() => Signal::SIGTERM,
            _ = hangup.recv() => Signal::SIGHUP,
        };
        if BROKEN.load(Ordering::SeqCst) {
            outcome::say(format_args!("{signal}: putting the cluster right first"));
            put_right();
        }
        // As a shell tells of a process that a signal ended.
        std::process::exit(128 + signal as i32)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use nix::sys::signal::kill;
    use nix::unistd::Pid;

    use super::*;

    const FOLDER: &str = "CLUSTER_TESTS_INTERRUPTED";

    fn write(name: &str) {
        let folder = std::env::var(FOLDER).unwrap();
        std::fs::write(Path::new(&folder).join(name), "").unwrap();
    }

    /// What the other test interrupts.
    #[test]
    #[ignore = "another test runs it in a process of its own"]
    fn waits_with_something_broken() {
        watch(|| write("mended")).unwrap();
        write("broken");
        std::thread::sleep(Duration::from_secs(60));
    }

    #[test]
    fn a_signal_puts_right_what_is_broken_before_the_process_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut test = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "waits_with_something_broken"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !folder.path().join("broken").exists() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "it breaks nothing"
            );
            std::thread::sleep(Duration::from_millis(10));
        }

        kill(Pid::from_raw(test.id().cast_signed()), Signal::SIGINT).unwrap();

        let status = test.wait().unwrap();
        assert_eq!(status.code(), Some(130));
        assert!(folder.path().join("mended").exists());
    }
}
