//! Starting the engine without its panics: the configuration it would load, and its bootstrap, as plain results.

use std::any::Any;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;

use tasker_shared::config::{ConfigLoader, TaskerConfig};

use crate::Failure;
use crate::service::expecting_panics;

/// The release of the engine that this workspace is pinned to.
pub const ENGINE_VERSION: &str = "0.1.8";

/// Loads the file in `TASKER_CONFIG_PATH` as the engine will.
///
/// The engine's loader panics on a variable that does not match its pattern, and reports the rest only after the
/// process has begun to connect; this says the same before anything has happened.
pub fn configuration() -> Result<TaskerConfig, Failure> {
    let path = PathBuf::from(required("TASKER_CONFIG_PATH", "run `cluster-verify render` and start through `services/launch`")?);
    required("DATABASE_URL", "start the instance through `services/launch`, which reads the password file")?;
    if !path.is_file() {
        return Err(Failure::configuration(format!(
            "TASKER_CONFIG_PATH is {}, which is not a file: run `cluster-verify render`",
            path.display()
        )));
    }
    let loaded = expecting_panics(|| catch_unwind(AssertUnwindSafe(|| ConfigLoader::load_from_path(&path))));
    match loaded {
        Ok(Ok(configuration)) => Ok(configuration),
        Ok(Err(error)) => Err(Failure::configuration(format!("{}: {error}", path.display()))),
        Err(panic) => Err(Failure::configuration(format!("{}: {}", path.display(), message(panic.as_ref())))),
    }
}

fn required(name: &str, hint: &str) -> Result<String, Failure> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::configuration(format!("{name} is not set: {hint}")))
}

/// Runs one of the engine's bootstraps; an error or a panic becomes a failure that says what was being started.
pub async fn bootstrap<T, E: Display>(what: &str, start: impl Future<Output = Result<T, E>>) -> Result<T, Failure> {
    let mut start = pin!(start);
    // Not spawned to catch its panic: the worker's bootstrap cannot move to another thread.
    let booted = poll_fn(|context| {
        match expecting_panics(|| catch_unwind(AssertUnwindSafe(|| start.as_mut().poll(context)))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    let failed = |reason: String| Failure::other(format!("the {what} did not start: {reason}"));
    match booted.await {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(panic) => Err(failed(format!("the engine panicked: {}", message(panic.as_ref())))),
    }
}

/// The text of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "no message".to_owned())
}
