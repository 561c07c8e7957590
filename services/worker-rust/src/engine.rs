//! The engine's worker with our handlers between its two channels: steps that it claimed, and their results.

use std::sync::Arc;
use std::time::Duration;

use instance::{Failure, Ids};
use tasker_shared::config::TaskerConfig;
use tasker_worker::worker::{
    CompletionProcessorConfig, CompletionProcessorService, DomainEventCallback,
    HandlerDispatchConfig, HandlerDispatchService, StepEventPublisherRegistry, WorkerCore,
};
use tasker_worker::{WorkerBootstrap, WorkerSystemHandle};
use tokio::sync::{Mutex, RwLock, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::hand_back::HandBack;
use crate::registry::Registry;

/// How long a stopping worker waits for handlers at work before it gives their steps back.
const PATIENCE: Duration = Duration::from_secs(6);

/// A worker that runs steps.
pub struct Worker {
    system: WorkerSystemHandle,
    core: Arc<Mutex<WorkerCore>>,
    /// Ends when the engine claims no more and every handler has ended.
    dispatch: JoinHandle<()>,
    /// Ends when the last result is in the queue of the servers.
    completion: JoinHandle<()>,
    /// What the engine calls this worker.
    pub ids: Ids,
    /// Whose queues it reads.
    pub namespaces: Vec<String>,
}

impl Worker {
    /// Boots the engine and gives its steps to `registry`.
    pub async fn start(
        instance: &str,
        configuration: &TaskerConfig,
        registry: Arc<Registry>,
    ) -> Result<Self, Failure> {
        let settings = &configuration
            .worker
            .as_ref()
            .ok_or_else(|| {
                Failure::configuration(
                    "the configuration has no [worker]: run `cluster-verify render`",
                )
            })?
            .mpsc_channels
            .handler_dispatch;
        let mut system = instance::bootstrap("worker", WorkerBootstrap::bootstrap()).await?;
        let handles = system
            .take_dispatch_handles()
            .ok_or_else(|| Failure::other("the engine gave no steps to run"))?;
        let core = system.worker_core.clone();
        let booted = core.lock().await;
        let worker_id = booted
            .get_processing_stats()
            .await
            .map_err(|error| Failure::other(format!("the engine told no worker id: {error}")))?
            .worker_id;

        // The engine's own completion processor is left without work: stopping the engine waits five seconds for it
        // and no longer, and nothing tells when it has sent the last result. This one, of the same code, is waited for.
        drop(handles.completion_sender);
        // For continuations of a batch, which our handlers do not ask for; it would keep the channel of steps open.
        drop(handles.dispatch_sender);
        let (results, to_send) = mpsc::channel(settings.completion_buffer_size as usize);
        let completion = CompletionProcessorService::new(
            to_send,
            booted.context.clone(),
            worker_id.clone(),
            CompletionProcessorConfig {
                service_id: instance.to_owned(),
            },
        );
        let (dispatch, _capacity) = HandlerDispatchService::with_callback(
            handles.dispatch_receiver,
            results,
            registry,
            HandlerDispatchConfig::from_config(
                settings.max_concurrent_handlers as usize,
                u64::from(settings.handler_timeout_ms),
                instance.to_owned(),
            ),
            Arc::new(domain_events(&booted)?),
        );
        let ids = Ids::of_worker(
            booted.context.processor_uuid(),
            &worker_id,
            booted.core_id(),
        );
        let namespaces = booted.supported_namespaces().await;
        drop(booted);
        Ok(Self {
            system,
            core,
            dispatch: tokio::spawn(dispatch.run()),
            completion: tokio::spawn(completion.run()),
            ids,
            namespaces,
        })
    }

    /// Claims no more, lets handlers at work finish or gives their steps back, and sends every result; all before
    /// `deadline`.
    pub async fn stop(mut self, hand_back: &HandBack, deadline: Instant) -> Result<(), Failure> {
        let patience = Instant::now() + PATIENCE;
        let late =
            |what: &str| Failure::other(format!("stopped without waiting any longer for {what}"));
        let stopping = tokio::spawn(async move { self.core.lock().await.stop().await });

        let mut completion = self.completion;
        if tokio::time::timeout_at(patience, &mut completion)
            .await
            .is_err()
        {
            tracing::warn!("giving back the steps in hand after {PATIENCE:?}");
            hand_back.begin();
            tokio::time::timeout_at(deadline, completion)
                .await
                .map_err(|_| late("results on their way to the servers"))?
                .ok();
        }
        self.dispatch.abort();
        match tokio::time::timeout_at(deadline, stopping).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!("the engine did not stop cleanly: {error}"),
            Ok(Err(error)) => tracing::warn!("stopping the engine broke off: {error}"),
            Err(_) => return Err(late("the engine")),
        }
        if let Err(error) = self.system.stop().await {
            tracing::warn!("the engine's servers did not stop cleanly: {error}");
        }
        Ok(())
    }
}

/// Publishes the events that a step's template declares, once its result is on its way.
fn domain_events(core: &WorkerCore) -> Result<DomainEventCallback, Failure> {
    let router = core
        .event_router()
        .ok_or_else(|| Failure::other("the engine has no router for domain events"))?;
    let publishers =
        StepEventPublisherRegistry::with_event_router(core.domain_event_publisher(), router);
    Ok(DomainEventCallback::new(Arc::new(RwLock::new(publishers))))
}
