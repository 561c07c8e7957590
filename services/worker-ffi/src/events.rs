//! Domain events: those that the template declares, and those that a handler asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use instance::holds_nul;
use serde::Deserialize;
use serde_json::Value;
use tasker_shared::events::domain_events::{
    DomainEventPayload, DomainEventPublisher, EventMetadata,
};
use tasker_shared::messaging::StepExecutionResult;
use tasker_worker::TaskSequenceStep;
use tasker_worker::worker::{DomainEventCallback, PostHandlerCallback};
use tokio::sync::watch;
use uuid::Uuid;

/// An event that a handler asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlerEvent {
    name: String,
    #[serde(default)]
    payload: Value,
}

impl HandlerEvent {
    pub fn holds_nul(&self) -> bool {
        self.name.contains('\0') || holds_nul(&self.payload)
    }
}

/// The engine calls it, unawaited, after a result has been accepted.
pub struct Events {
    declared: DomainEventCallback,
    publisher: Arc<DomainEventPublisher>,
    instance: String,
    asked_for: Mutex<HashMap<Uuid, Vec<HandlerEvent>>>,
    underway: watch::Sender<usize>,
}

impl Events {
    pub fn new(
        declared: DomainEventCallback,
        publisher: Arc<DomainEventPublisher>,
        instance: &str,
    ) -> Self {
        Self {
            declared,
            publisher,
            instance: instance.to_owned(),
            asked_for: Mutex::default(),
            underway: watch::Sender::new(0),
        }
    }

    /// Before the result is handed to the engine: from then on the engine may call.
    pub fn expect(&self, step: Uuid, events: Vec<HandlerEvent>) {
        self.underway.send_modify(|count| *count += 1);
        if !events.is_empty() {
            self.asked_for().insert(step, events);
        }
    }

    /// The engine refused the result, so it will not call.
    pub fn forget(&self, step: Uuid) {
        self.asked_for().remove(&step);
        self.done();
    }

    /// `false` when some were still being published after `patience`.
    pub async fn published_within(&self, patience: Duration) -> bool {
        let mut underway = self.underway.subscribe();
        tokio::time::timeout(patience, underway.wait_for(|count| *count == 0))
            .await
            .is_ok()
    }

    fn done(&self) {
        self.underway
            .send_modify(|count| *count = count.saturating_sub(1));
    }

    fn asked_for(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<HandlerEvent>>> {
        self.asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn publish(
        &self,
        event: HandlerEvent,
        step: &TaskSequenceStep,
        result: &StepExecutionResult,
    ) {
        let metadata = EventMetadata {
            task_uuid: step.task.task.task_uuid,
            step_uuid: Some(step.workflow_step.workflow_step_uuid),
            step_name: Some(step.workflow_step.name.clone()),
            namespace: step.task.namespace_name.clone(),
            correlation_id: step.task.task.correlation_id,
            fired_at: chrono::Utc::now(),
            fired_by: self.instance.clone(),
        };
        let payload = DomainEventPayload {
            task_sequence_step: step.clone(),
            execution_result: result.clone(),
            payload: event.payload,
        };
        if let Err(error) = self
            .publisher
            .publish_event(&event.name, payload, metadata)
            .await
        {
            tracing::error!(
                event = event.name,
                step = step.workflow_step.name,
                task_uuid = %step.task.task.task_uuid,
                %error,
                "a handler's event was not published"
            );
        }
    }
}

/// Counts the call as over even when the engine gives up on it and drops it half way.
struct Underway<'a>(&'a Events);

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.done();
    }
}

#[async_trait]
impl PostHandlerCallback for Events {
    async fn on_handler_complete(
        &self,
        step: &TaskSequenceStep,
        result: &StepExecutionResult,
        worker: &str,
    ) {
        let _underway = Underway(self);
        let asked_for = self
            .asked_for()
            .remove(&step.workflow_step.workflow_step_uuid);
        self.declared
            .on_handler_complete(step, result, worker)
            .await;
        for event in asked_for.into_iter().flatten() {
            self.publish(event, step, result).await;
        }
    }

    fn name(&self) -> &str {
        "worker-ffi-events"
    }
}
