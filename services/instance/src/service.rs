//! The frame of a service's `main`: `--version`, logging, runtime, one line on failure, exit status.

use std::borrow::Cow;
use std::cell::Cell;
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use chrono::{DateTime, Utc};

use crate::{ENGINE_VERSION, Failure, logging};

/// What a service is called, and since when it runs.
#[derive(Debug, Clone)]
pub struct Service {
    pub(crate) name: Cow<'static, str>,
    pub(crate) version: &'static str,
    pub(crate) started_at: DateTime<Utc>,
}

impl Service {
    /// A service that starts now.
    pub fn new(name: impl Into<Cow<'static, str>>, version: &'static str) -> Self {
        Self {
            name: name.into(),
            version,
            started_at: Utc::now(),
        }
    }
}

/// Runs `body` on a runtime until it ends and turns what it returns into the exit status.
pub fn run<F, B>(service: Service, body: F) -> ExitCode
where
    F: FnOnce(Service) -> B,
    B: Future<Output = Result<(), Failure>>,
{
    if let Some(argument) = std::env::args().nth(1) {
        return answer(&service, &argument);
    }
    let instance =
        std::env::var("TASKER_INSTANCE_ID").unwrap_or_else(|_| service.name.clone().into_owned());
    logging::log_as(&instance, &service.name.replace('-', "_"));
    let outcome = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let outcome = runtime.block_on(body(service));
            // What the engine leaves running is not waited for.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::other(format!("no runtime: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{instance}: {}", failure.line());
            ExitCode::from(&failure)
        }
    }
}

fn answer(service: &Service, argument: &str) -> ExitCode {
    let Service { name, version, .. } = service;
    let (text, status) = match argument {
        "--version" | "-V" => (format!("{name} {version} (tasker {ENGINE_VERSION})\n"), 0),
        "--help" | "-h" => (
            format!(
                "{name} {version}\n\nTakes no arguments: everything is in the environment, which `services/launch` sets.\n"
            ),
            0,
        ),
        _ => {
            let _ = writeln!(
                std::io::stderr(),
                "{name}: unknown argument `{argument}`: it takes --version, --help or nothing"
            );
            return ExitCode::from(3);
        }
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(status)
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`, whose panic the caller catches and reports in its own words.
pub(crate) fn expecting_panics<T>(f: impl FnOnce() -> T) -> T {
    EXPECTED.set(true);
    let value = f();
    EXPECTED.set(false);
    value
}

/// A panic in one of the engine's tasks ends that task only; it becomes a log line like any other.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if EXPECTED.get() {
            return;
        }
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(
            place,
            "panic: {}",
            crate::failure::one_line(&crate::engine::message(panic.payload()))
        );
    }));
}
