//! Starting the engine without its panics: the configuration it would load, and its bootstrap, as plain results.

use std::any::Any;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;

use tasker_shared::config::{ConfigLoader, TaskerConfig};

use crate::Failure;
use crate::service::expecting_panics;

/// The release of the engine that this workspace is pinned to, or that of the checkout which it is built against.
pub const ENGINE_VERSION: &str = match option_env!("TASKER_ENGINE_VERSION") {
    Some(version) => version,
    None => "0.1.8",
};

/// Loads the file in `TASKER_CONFIG_PATH` as the engine will.
///
/// The engine's loader panics on a variable that does not match its pattern, and reports the rest only after the
/// process has begun to connect; this says the same before anything has happened.
pub fn configuration() -> Result<TaskerConfig, Failure> {
    let path = PathBuf::from(required(
        "TASKER_CONFIG_PATH",
        "run `cluster-verify render` and start through `services/launch`",
    )?);
    let url = required(
        "DATABASE_URL",
        "start the instance through `services/launch`, which reads the password file",
    )?;
    if !path.is_file() {
        return Err(Failure::configuration(format!(
            "TASKER_CONFIG_PATH is {}, which is not a file: run `cluster-verify render`",
            path.display()
        )));
    }
    let loaded =
        expecting_panics(|| catch_unwind(AssertUnwindSafe(|| ConfigLoader::load_from_path(&path))));
    let reason = match loaded {
        Ok(Ok(configuration)) => {
            ensure_answer(&url)?;
            return Ok(configuration);
        }
        Ok(Err(error)) => error.to_string(),
        Err(panic) => message(panic.as_ref()),
    };
    // A URL that does not look like one is quoted in full, and its password would not be found to be masked.
    let reason = reason.replace(&url, "(its value)");
    Err(Failure::configuration(format!(
        "{}: {reason}",
        path.display()
    )))
}

/// Fails when nothing listens where the database should be. The engine would wait for half a minute before it says so.
fn ensure_answer(database_url: &str) -> Result<(), Failure> {
    let Some(address) = address(database_url) else {
        return Ok(());
    };
    match TcpStream::connect(&address) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::other(format!(
            "PostgreSQL on {address} does not answer ({error}): start it with `cluster-database serve`"
        ))),
    }
}

/// Host and port of a URL.
fn address(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.rsplit('@').next()?.split(['/', '?']).next()?;
    Some(if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:5432")
    })
}

fn required(name: &str, hint: &str) -> Result<String, Failure> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::configuration(format!("{name} is not set: {hint}")))
}

/// Runs one of the engine's bootstraps; an error or a panic becomes a failure that says what was being started.
pub async fn bootstrap<T, E: Display>(
    what: &str,
    start: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
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
        Err(panic) => Err(failed(format!(
            "the engine panicked: {}",
            message(panic.as_ref())
        ))),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn project() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn toml(path: &str) -> toml::Table {
        std::fs::read_to_string(project().join(path))
            .unwrap()
            .parse()
            .unwrap()
    }

    fn keys(table: &toml::Table, under: &str, into: &mut BTreeMap<String, toml::Value>) {
        for (key, value) in table {
            let path = format!("{under}{key}");
            match value.as_table() {
                Some(inner) => keys(inner, &format!("{path}."), into),
                None => drop(into.insert(path, value.clone())),
            }
        }
    }

    fn flat(path: &str) -> BTreeMap<String, toml::Value> {
        let mut all = BTreeMap::new();
        keys(&toml(path), "", &mut all);
        all
    }

    #[test]
    fn the_engine_takes_each_generated_file() {
        for profile in ["stock", "polling"] {
            for (service, worker) in [("orchestration", false), ("worker", true)] {
                let file = format!("config/tasker/generated/{service}-{profile}.toml");

                let configuration = ConfigLoader::load_from_path(&project().join(&file)).unwrap();

                assert_eq!(configuration.has_worker(), worker, "{file}");
                assert_eq!(configuration.has_orchestration(), !worker, "{file}");
            }
        }
    }

    #[test]
    fn the_profiles_set_the_same_keys_and_stock_is_the_base() {
        let base = flat("config/tasker/base.toml");
        let stock = flat("config/tasker/profiles/stock.toml");
        let polling = flat("config/tasker/profiles/polling.toml");

        assert_eq!(
            stock.keys().collect::<Vec<_>>(),
            polling.keys().collect::<Vec<_>>()
        );
        for (key, value) in stock {
            assert_eq!(base.get(&key), Some(&value), "{key}");
        }
    }

    #[test]
    fn a_database_that_is_not_there_is_said_at_once() {
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();

        let failure = ensure_answer(&format!("postgresql://u:p@{free}/d?x=1")).unwrap_err();

        assert!(
            failure
                .to_string()
                .starts_with(&format!("PostgreSQL on {free} does not answer"))
        );
        assert_eq!(address("postgresql://host/d").unwrap(), "host:5432");
    }

    #[test]
    fn the_version_is_the_one_that_is_locked() {
        let lock = toml("Cargo.lock");
        let mut packages = lock["package"].as_array().unwrap().iter();
        let engine = packages
            .find(|package| package["name"].as_str() == Some("tasker-shared"))
            .unwrap();

        assert_eq!(engine["version"].as_str(), Some(ENGINE_VERSION));
    }

    #[tokio::test]
    async fn a_panic_of_the_bootstrap_is_a_failure() {
        let booting = bootstrap::<(), String>("server", async { panic!("bad\nvariable") });

        let failure = booting.await.unwrap_err();

        assert_eq!(
            failure.line(),
            "the server did not start: the engine panicked: bad variable"
        );
    }
}
