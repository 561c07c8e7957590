//! A handler as the engine runs it: each run is witnessed, timed, and signed with the instance's name.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use instance::{Run, Witness, holds_nul, without_nul};
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
        let outcome = outcome.and_then(storable);
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

/// The engine would not notice that the database refused the result.
fn storable(result: Value) -> Outcome {
    if holds_nul(&result) {
        return Err(Failed::permanently(
            "the result has the character U+0000, which PostgreSQL does not store",
        ));
    }
    Ok(result)
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
            without_nul(&message),
            None,
            Some(kind.to_owned()),
            retryable,
            ms,
            None::<std::collections::HashMap<String, Value>>,
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::StepBuilder;

    fn witnessed(folder: &Path, handler: impl Handler + 'static) -> Witnessed {
        let runs = Runs {
            instance: "worker-rust-1".to_owned(),
            witness: Witness::at(&folder.join("w.jsonl"), "worker-rust-1").unwrap(),
            hand_back: HandBack::new(),
        };
        Witnessed::new("handler", Arc::new(handler), Arc::new(runs))
    }

    fn lines(folder: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join("w.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    struct Endless;

    #[async_trait]
    impl Handler for Endless {
        async fn call(&self, _: &Step<'_>) -> Outcome {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn a_run_is_witnessed_and_signed() {
        let folder = tempfile::tempdir().unwrap();
        let handler = witnessed(folder.path(), |_: &Step<'_>| Ok(Value::from(7)));

        let result = handler
            .call(&StepBuilder::new("s").attempts(1).build())
            .await
            .unwrap();

        assert_eq!((result.success, result.result), (true, Value::from(7)));
        assert_eq!(result.metadata.worker_id.as_deref(), Some("worker-rust-1"));
        let lines = lines(folder.path());
        assert_eq!(
            (&lines[0]["attempt"], &lines[1]["ok"]),
            (&2.into(), &true.into())
        );
    }

    #[tokio::test]
    async fn a_failure_keeps_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let handler = witnessed(folder.path(), |_: &Step<'_>| Err(Failed::permanently("no")));

        let result = handler.call(&StepBuilder::new("s").build()).await.unwrap();

        assert!(!result.success && !result.metadata.retryable);
        assert_eq!(
            result.metadata.error_type.as_deref(),
            Some("PermanentError")
        );
        assert_eq!(lines(folder.path())[1]["ok"], false);
    }

    #[tokio::test]
    async fn what_the_database_does_not_store_is_a_permanent_failure() {
        let folder = tempfile::tempdir().unwrap();
        let handler = witnessed(folder.path(), |_: &Step<'_>| Ok(Value::from("a\0")));

        let result = handler.call(&StepBuilder::new("s").build()).await.unwrap();

        assert!(!result.success && !result.metadata.retryable);
        assert!(result.error.unwrap().message.contains("U+0000"));
        assert_eq!(lines(folder.path())[1]["ok"], false);
    }

    #[tokio::test]
    async fn a_message_that_the_database_does_not_store_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let handler = witnessed(folder.path(), |_: &Step<'_>| Err(Failed::for_now("a\0")));

        let result = handler.call(&StepBuilder::new("s").build()).await.unwrap();

        assert_eq!(result.error.unwrap().message, "a\u{FFFD}");
        assert!(result.metadata.retryable);
    }

    #[tokio::test]
    async fn a_run_that_a_stop_cannot_wait_for_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let handler = witnessed(folder.path(), Endless);
        let hand_back = handler.runs.hand_back.clone();
        let step = StepBuilder::new("s").build();

        let (result, ()) = tokio::join!(handler.call(&step), async { hand_back.begin() });

        let result = result.unwrap();
        assert!(result.metadata.retryable);
        assert_eq!(
            result.metadata.error_type.as_deref(),
            Some("WorkerStopping")
        );
        assert_eq!(lines(folder.path())[1]["ok"], false);
    }

    #[tokio::test]
    async fn nothing_is_run_any_more_once_steps_are_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let handler = witnessed(folder.path(), |_: &Step<'_>| Ok(Value::Null));
        handler.runs.hand_back.begin();

        let result = handler.call(&StepBuilder::new("s").build()).await.unwrap();

        assert!(result.metadata.retryable);
        assert_eq!(lines(folder.path()).len(), 0);
    }
}
