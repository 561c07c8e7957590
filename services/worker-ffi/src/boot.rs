//! Boots the engine's worker and puts our channels between it and the host.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use instance::{ENGINE_VERSION, Environment, Failure, Identity, Ids, Service};
use serde_json::json;
use tasker_shared::config::TaskerConfig;
use tasker_worker::WorkerBootstrap;
use tasker_worker::worker::services::CheckpointService;
use tasker_worker::worker::{
    CompletionProcessorConfig, CompletionProcessorService, DomainEventCallback, FfiDispatchChannel,
    FfiDispatchChannelConfig, StepEventPublisherRegistry,
};
use tokio::sync::{RwLock, mpsc};

use crate::bridge::Bridge;
use crate::calls::Calls;
use crate::error::{Code, Error};
use crate::events::Events;
use crate::ledger::Ledger;
use crate::relay::relay;
use crate::request::StartRequest;

/// The engine mostly waits for the database; the host's handlers want the processors.
const ENGINE_THREADS: usize = 2;

/// Continuations after a checkpoint on their way back to the host; a handler has at most one.
const CONTINUATIONS: usize = 1024;

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

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(ENGINE_THREADS)
        .thread_name("tasker-engine")
        .enable_all()
        .build()
        .map_err(|error| Error::engine(format!("no runtime: {error}")))?;
    let bridge = runtime.block_on(connect(
        &environment,
        &service,
        request,
        &settings,
        port,
        began,
    ));
    match bridge {
        Ok(bridge) => Ok(bridge.owning(runtime)),
        Err(error) => {
            // What the engine has begun by now is not waited for.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

/// What the bridge takes from the engine's configuration.
struct Settings {
    bind_address: String,
    completion_buffer: usize,
    concurrency: u32,
    handler_timeout: Duration,
}

impl Settings {
    fn of(configuration: &TaskerConfig) -> Result<Self, Error> {
        let absent = |what: &str| {
            Error::new(
                Code::Configuration,
                format!("the file in TASKER_CONFIG_PATH has no [{what}]"),
            )
            .next("run `cluster-verify render`: it writes a file for workers and one for servers")
        };
        let worker = configuration
            .worker
            .as_ref()
            .ok_or_else(|| absent("worker"))?;
        let web = worker.web.as_ref().ok_or_else(|| absent("worker.web"))?;
        let dispatch = &worker.mpsc_channels.handler_dispatch;
        Ok(Self {
            bind_address: web.bind_address.clone(),
            completion_buffer: dispatch.completion_buffer_size as usize,
            concurrency: dispatch.max_concurrent_handlers,
            // The engine's own default for hosts in other languages is 30 s and ignores this key.
            handler_timeout: Duration::from_millis(u64::from(dispatch.handler_timeout_ms)),
        })
    }
}

async fn connect(
    environment: &Environment,
    service: &Service,
    request: StartRequest,
    settings: &Settings,
    port: u16,
    began: Instant,
) -> Result<Bridge, Error> {
    let mut system = WorkerBootstrap::bootstrap().await.map_err(|error| {
        Failure::other(format!(
            "the worker did not start: {error}; `./dev status` shows whether the database is there"
        ))
    })?;
    let handles = system
        .take_dispatch_handles()
        .ok_or_else(|| Error::engine("the engine gave its dispatch channel to somebody else"))?;

    let core = system.worker_core.lock().await;
    let context = core.context.clone();
    let worker_id = core
        .get_processing_stats()
        .await
        .map_err(|error| Error::engine(error.to_string()))?
        .worker_id;
    let publisher = core.domain_event_publisher();
    let router = core
        .event_router()
        .ok_or_else(|| Error::engine("the engine has no event router"))?;
    let ids = Ids {
        processor_uuid: context.processor_uuid().to_string(),
        worker_uuid: Some(worker_id.trim_start_matches("worker_").to_owned()),
        rest_id: Some(format!("worker-{}", core.core_id())),
    };
    let namespaces = core.supported_namespaces().await;
    drop(core);

    let events = Arc::new(Events::new(
        DomainEventCallback::new(Arc::new(RwLock::new(
            StepEventPublisherRegistry::with_event_router(publisher.clone(), router),
        ))),
        publisher,
        &environment.instance,
    ));

    // A completion processor of our own, the engine's own code: stopping the engine gives up on its processor after
    // five seconds, whatever is still in hand, and offers no way to see that the last result has been sent.
    drop(handles.completion_sender);
    let (completions, results) = mpsc::channel(settings.completion_buffer);
    let processor = CompletionProcessorService::new(
        results,
        context.clone(),
        worker_id,
        CompletionProcessorConfig {
            service_id: environment.instance.clone(),
        },
    );
    let processor = tokio::spawn(processor.run());

    // The engine's channel closes only without this sender, so continuations get a way of their own.
    drop(handles.dispatch_sender);
    let ledger = Arc::new(Ledger::new());
    let (continuations, continued) = mpsc::channel(CONTINUATIONS);
    let (to_host, from_relay) = mpsc::channel(1);
    tokio::spawn(relay(
        handles.dispatch_receiver,
        continued,
        to_host,
        ledger.clone(),
    ));

    let configuration = FfiDispatchChannelConfig::new(tokio::runtime::Handle::current())
        .with_service_id(environment.instance.clone())
        .with_completion_timeout(settings.handler_timeout);
    let channel = FfiDispatchChannel::new(from_relay, completions, configuration, events.clone())
        .with_checkpoint_support(
            CheckpointService::new(context.database_pool().clone()),
            continuations,
        );
    let channel = Arc::new(channel);
    expire_overdue(&channel);

    let identity = json!({
        "ok": true,
        "instance": environment.instance,
        "pid": std::process::id(),
        "port": port,
        "version": env!("CARGO_PKG_VERSION"),
        "engine_version": ENGINE_VERSION,
        "processor_uuid": ids.processor_uuid,
        "worker_uuid": ids.worker_uuid,
        "rest_id": ids.rest_id,
        "namespaces": namespaces,
        "max_concurrent_handlers": settings.concurrency,
        "handler_timeout_ms": u64::try_from(settings.handler_timeout.as_millis()).unwrap_or(u64::MAX),
        "boot_ms": u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    Identity::new(environment, service, port, ids)
        .hosted_by(request.language, request.executable)
        .serving(namespaces, request.handlers)
        .write(&environment.run_dir)?;
    tracing::info!(
        port,
        boot_ms = identity["boot_ms"].as_u64(),
        "the worker is ready"
    );

    Ok(Bridge {
        instance: environment.instance.clone(),
        identity,
        handler_timeout: settings.handler_timeout,
        runtime: Mutex::default(),
        handle: tokio::runtime::Handle::current(),
        channel: Mutex::new(Some(channel)),
        ledger,
        events,
        calls: Calls::default(),
        core: system.worker_core.clone(),
        system: tokio::sync::Mutex::new(system),
        processor: Mutex::new(Some(processor)),
        draining: Mutex::default(),
    })
}

/// Nobody in the engine calls this for a channel that a host owns.
fn expire_overdue(channel: &Arc<FfiDispatchChannel>) {
    let channel = Arc::downgrade(channel);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            let Some(channel) = channel.upgrade() else {
                return;
            };
            channel.cleanup_timeouts();
        }
    });
}
