//! A handler as the engine runs it: each run is witnessed, timed, and signed with the instance's name.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use instance::{Run, Witness};
use serde_json::Value;
use tasker_shared::TaskerResult;
use tasker_shared::messaging::StepExecutionResult;
use tasker_shared::types::TaskSequenceStep;
use tasker_worker::worker::StepHandler;

use crate::hand_back::HandBack;
use crate::handler::{Failed, Handler, Outcome};
use crate::step::Step;

/// What every run of this process shares.
pub struct Runs {
    /// Name of the instance.
    pub instance: String,
    /// Takes a line when a run begins and when it ends.
    pub witness: Witness,
    /// Ends runs that a stop cannot wait for.
    pub hand_back: HandBack,
}

/// One handler.
pub struct Witnessed {
    name: &'static str,
    handler: Arc<dyn Handler>,
    runs: Arc<Runs>,
}

impl Witnessed {
    /// `handler`, called `name` in templates.
    pub fn new(name: &'static str, handler: Arc<dyn Handler>, runs: Arc<Runs>) -> Self {
        Self {
            name,
            handler,
            runs,
        }
    }

    async fn run(&self, step: &TaskSequenceStep) -> Outcome {
        let stopping = || HandBack::failure(&self.runs.instance);
        if self.runs.hand_back.begun() {
            return Err(stopping());
        }
        let seen = Step::new(step);
        let run = self.runs.witness.started(Run {
            task: step.task.task.task_uuid,
            step: step.workflow_step.workflow_step_uuid,
            step_name: seen.name().to_owned(),
            namespace: step.task.namespace_name.clone(),
            attempt: seen.attempt(),
        });
        let outcome = tokio::select! {
            outcome = self.handler.call(&seen) => outcome,
            () = self.runs.hand_back.wait() => Err(stopping()),
        };
        run.finished(outcome.is_ok());
        outcome
    }
}

#[async_trait]
impl StepHandler for Witnessed {
    async fn call(&self, step: &TaskSequenceStep) -> TaskerResult<StepExecutionResult> {
        let began = Instant::now();
        let outcome = self.run(step).await;
        let ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let mut result = into_result(step, outcome, ms);
        result.metadata.worker_id = Some(self.runs.instance.clone());
        Ok(result)
    }

    fn name(&self) -> &str {
        self.name
    }
}

fn into_result(step: &TaskSequenceStep, outcome: Outcome, ms: i64) -> StepExecutionResult {
    let step = step.workflow_step.workflow_step_uuid;
    match outcome {
        Ok(result) => StepExecutionResult::success(step, result, ms, None),
        Err(Failed {
            message,
            kind,
            retryable,
        }) => StepExecutionResult::failure(
            step,
            message,
            None,
            Some(kind.to_owned()),
            retryable,
            ms,
            None::<std::collections::HashMap<String, Value>>,
        ),
    }
}
