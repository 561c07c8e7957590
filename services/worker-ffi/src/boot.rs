//! The way from a request to a worker that serves: look before the engine does, start it, write down who it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use instance::{ENGINE_VERSION, Environment, Failure, Identity, Service, templates};
use serde_json::{Value, json};

use crate::bridge::Bridge;
use crate::connect::connect;
use crate::error::{Code, Error};
use crate::request::StartRequest;
use crate::settings::Settings;

/// The engine mostly waits for the database; the host's handlers want the processors.
const ENGINE_THREADS: usize = 2;

/// For a worker that is taken apart again before anybody polled.
const UNDO: Duration = Duration::from_secs(2);

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Configuration(_) => Self::new(Code::Configuration, failure.line()),
            Failure::Other(_) => Self::new(Code::Engine, failure.line()),
        }
    }
}

pub fn boot(request: StartRequest) -> Result<Bridge, Error> {
    let began = Instant::now();
    let environment = Environment::read()?;
    let service = Service::new(request.service.clone(), env!("CARGO_PKG_VERSION"));
    instance::log_as(&environment.instance, "worker_ffi");
    let configuration = instance::configuration()?;
    let settings = Settings::of(&configuration)?;
    let port = instance::bind_port(&environment, &settings.bind_address)?;
    let templates = templates::find()?;
    templates::warn_without_handler(&templates, &request.handlers);

    let bridge = start(&environment.instance, &settings)?;
    let record = Identity::new(&environment, &service, port, bridge.ids.clone())
        .hosted_by(request.language, request.executable)
        .serving(bridge.namespaces.clone(), request.handlers);
    let known = templates::ensure_served(&templates, &bridge.namespaces)
        .and_then(|()| record.write(&environment.run_dir));
    if let Err(failure) = known {
        // In order, since steps may be claimed by now.
        if let Err(error) = Arc::new(bridge).stop(UNDO) {
            tracing::warn!("{error}");
        }
        return Err(failure.into());
    }
    let boot_ms = millis(began.elapsed());
    tracing::info!(port, boot_ms, namespaces = bridge.namespaces.len(), "ready");
    let identity = identity(&bridge, &settings, port, boot_ms);
    Ok(Bridge { identity, ..bridge })
}

fn start(instance: &str, settings: &Settings) -> Result<Bridge, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(ENGINE_THREADS)
        .thread_name("tasker-engine")
        .enable_all()
        .build()
        .map_err(|error| Error::engine(format!("no runtime: {error}")))?;
    match runtime.block_on(connect(instance, settings)) {
        Ok(bridge) => Ok(bridge.owning(runtime)),
        Err(error) => {
            // What the engine has begun by now is not waited for.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

fn identity(bridge: &Bridge, settings: &Settings, port: u16, boot_ms: u64) -> Value {
    json!({
        "ok": true,
        "instance": bridge.instance,
        "pid": std::process::id(),
        "port": port,
        "version": env!("CARGO_PKG_VERSION"),
        "engine_version": ENGINE_VERSION,
        "processor_uuid": bridge.ids.processor_uuid,
        "worker_uuid": bridge.ids.worker_uuid,
        "rest_id": bridge.ids.rest_id,
        "namespaces": bridge.namespaces,
        "max_concurrent_handlers": settings.concurrency,
        "handler_timeout_ms": millis(settings.handler_timeout),
        "boot_ms": boot_ms,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
