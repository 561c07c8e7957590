//! Starts the engine's worker and puts our channels between it and the host.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use instance::{Failure, Ids};
use serde_json::Value;
use tasker_worker::WorkerBootstrap;
use tasker_worker::worker::services::CheckpointService;
use tasker_worker::worker::{
    CompletionProcessorConfig, CompletionProcessorService, DomainEventCallback, FfiDispatchChannel,
    FfiDispatchChannelConfig, StepEventPublisherRegistry,
};
use tokio::sync::{RwLock, mpsc};

use crate::bridge::Bridge;
use crate::calls::Calls;
use crate::error::Error;
use crate::events::Events;
use crate::ledger::Ledger;
use crate::relay::relay;
use crate::settings::Settings;

/// Continuations after a checkpoint on their way back to the host; a handler has at most one.
const CONTINUATIONS: usize = 1024;

pub async fn connect(instance: &str, settings: &Settings) -> Result<Bridge, Error> {
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
    let ids = Ids::of_worker(context.processor_uuid(), &worker_id, core.core_id());
    let namespaces = core.supported_namespaces().await;
    drop(core);

    let events = Arc::new(Events::new(
        DomainEventCallback::new(Arc::new(RwLock::new(
            StepEventPublisherRegistry::with_event_router(publisher.clone(), router),
        ))),
        publisher,
        instance,
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
            service_id: instance.to_owned(),
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
        .with_service_id(instance.to_owned())
        .with_completion_timeout(settings.handler_timeout);
    let channel = FfiDispatchChannel::new(from_relay, completions, configuration, events.clone())
        .with_checkpoint_support(
            CheckpointService::new(context.database_pool().clone()),
            continuations,
        );
    let channel = Arc::new(channel);
    expire_overdue(&channel, &ledger, settings.handler_timeout);

    Ok(Bridge {
        instance: instance.to_owned(),
        identity: Value::Null,
        ids,
        namespaces,
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
fn expire_overdue(channel: &Arc<FfiDispatchChannel>, ledger: &Arc<Ledger>, patience: Duration) {
    let channel = Arc::downgrade(channel);
    let ledger = ledger.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            let Some(channel) = channel.upgrade() else {
                return;
            };
            // Looked at before: what is overdue here is so for the engine, which began to count earlier.
            let now = Instant::now();
            channel.cleanup_timeouts();
            ledger.expire(now, patience);
        }
    });
}
