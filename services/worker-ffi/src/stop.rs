//! Stopping in two steps: `drain` ends the supply of new steps, `stop` takes the worker apart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tasker_shared::messaging::StepExecutionResult;
use tasker_worker::worker::FfiDispatchChannel;

use crate::bridge::{Bridge, lock};
use crate::error::{Code, Error};

/// The caller has a deadline.
const AS_LONG_AS_IT_TAKES: Duration = Duration::from_secs(3600);

impl Bridge {
    /// Returns at once; steps that the engine has claimed already still come.
    pub fn drain(self: &Arc<Self>) -> Value {
        let mut draining = lock(&self.draining);
        if draining.is_none() {
            tracing::info!("stopping: no new steps are claimed");
            let core = self.core.clone();
            *draining = Some(self.handle.spawn(async move {
                core.lock()
                    .await
                    .stop()
                    .await
                    .map_err(|error| error.to_string())
            }));
        }
        drop(draining);
        let counts = self.ledger.counts();
        json!({"ok": true, "waiting": counts.waiting, "in_hand": counts.in_hand})
    }

    /// Hands back what was never polled, gives up on what is still in hand, waits until every result is with the engine,
    /// and ends its threads.
    pub fn stop(self: Arc<Self>, patience: Duration) -> Result<Value, Error> {
        let began = Instant::now();
        let left = || patience.saturating_sub(began.elapsed());
        let mut late: Vec<&str> = Vec::new();
        let mut handed_back = 0;

        self.drain();
        // Steps in hand now belong to nobody; a call that is inside finishes first.
        self.ledger.close();
        if !self.calls.wait_until_none(left()) {
            late.push("a call of another thread");
        }
        if let Some(channel) = lock(&self.channel).take() {
            // A result is taken only while the engine's own channel has room for it.
            let in_time = self.handle.block_on(async {
                // Made inside: a timeout asks for the runtime that it runs on.
                tokio::time::timeout(left(), self.hand_back(&channel, &mut handed_back)).await
            });
            if in_time.is_err() {
                late.push("steps to hand back");
            }
        }
        let counts = self.ledger.counts();

        let processor = lock(&self.processor).take();
        let draining = lock(&self.draining).take();
        self.handle.block_on(async {
            if let Some(processor) = processor
                && tokio::time::timeout(left(), processor).await.is_err()
            {
                late.push("results on their way to the engine");
            }
            if !self.events.published_within(left()).await {
                late.push("domain events");
            }
            if let Some(draining) = draining {
                match tokio::time::timeout(left(), draining).await {
                    Err(_) => late.push("the engine"),
                    Ok(Ok(Ok(()))) => {}
                    Ok(Ok(Err(error))) => {
                        tracing::warn!("the engine did not stop cleanly: {error}")
                    }
                    Ok(Err(error)) => tracing::warn!("stopping the engine broke off: {error}"),
                }
            }
            let ending = async { self.system.lock().await.stop().await };
            match tokio::time::timeout(left(), ending).await {
                Err(_) => late.push("the engine's servers"),
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!("the engine's servers did not stop cleanly: {error}")
                }
            }
        });
        let runtime = lock(&self.runtime).take();
        if let Some(runtime) = runtime {
            // The engine's poller has no end of its own.
            runtime.shutdown_background();
        }

        let abandoned = counts.in_hand + counts.waiting;
        let completed = counts.completed;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(completed, handed_back, abandoned, ms, "stopped");
        if late.is_empty() {
            return Ok(json!({
                "ok": true, "completed": completed, "handed_back": handed_back, "abandoned": abandoned, "ms": ms,
            }));
        }
        Err(Error::new(
            Code::StopIncomplete,
            format!(
                "not waited for any longer after {ms} ms: {}",
                late.join(", ")
            ),
        )
        .next("give worker_stop more time, or look into the worker's log"))
    }

    /// Reports what the host never polled as failed and to be retried: a claimed step that nobody reports stays in
    /// progress for ever. Costs an attempt, since the engine knows no other way to return a claim.
    async fn hand_back(&self, channel: &FfiDispatchChannel, handed_back: &mut usize) {
        while self.ledger.counts().waiting > 0 {
            let Some(event) = channel.poll_async(AS_LONG_AS_IT_TAKES).await else {
                break;
            };
            self.ledger.not_waiting();
            let result = StepExecutionResult::failure(
                event.step_uuid,
                format!("given back: {} is stopping", self.instance),
                None,
                Some("WorkerStopping".to_owned()),
                true,
                0,
                None,
            );
            self.events.expect(event.step_uuid, Vec::new());
            if channel.complete_async(event.event_id, result).await {
                *handed_back += 1;
            } else {
                self.events.forget(event.step_uuid);
            }
        }
    }
}
