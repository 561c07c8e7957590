//! The JSON of a handler's outcome, as the host reports it, and what the engine makes of it.

use std::collections::HashMap;

use instance::{holds_nul, without_nul};
use serde::Deserialize;
use serde_json::Value;
use tasker_shared::messaging::StepExecutionResult;
use uuid::Uuid;

use crate::error::Error;
use crate::events::HandlerEvent;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    ok: bool,
    /// What dependants see; absent and null are the same.
    #[serde(default)]
    result: Value,
    error: Option<Failure>,
    /// How long the handler ran; the time since the poll when absent.
    execution_ms: Option<i64>,
    #[serde(default)]
    pub events: Vec<HandlerEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    retryable: bool,
    #[serde(default)]
    backtrace: Vec<String>,
    #[serde(default)]
    context: HashMap<String, Value>,
}

impl Outcome {
    pub fn check(&self) -> Result<(), Error> {
        match (self.ok, &self.error, &self.result) {
            (true, Some(_), _) => Err(Error::invalid("outcome: an `error` although `ok` is true")),
            (false, None, _) => Err(Error::invalid("outcome: no `error` although `ok` is false")),
            (false, Some(_), result) if !result.is_null() => {
                Err(Error::invalid("outcome: a `result` although `ok` is false"))
            }
            _ if self.holds_nul() => Err(Error::invalid(
                "outcome: it has the character U+0000, which PostgreSQL does not store",
            )),
            _ => Ok(()),
        }
    }

    /// Where it is not simply replaced.
    fn holds_nul(&self) -> bool {
        let of_failure = |failure: &Failure| {
            let mut context = failure.context.iter();
            context.any(|(key, value)| key.contains('\0') || holds_nul(value))
        };
        holds_nul(&self.result)
            || self.error.as_ref().is_some_and(of_failure)
            || self.events.iter().any(HandlerEvent::holds_nul)
    }

    pub fn into_engine(
        self,
        step: Uuid,
        since_poll_ms: i64,
        instance: &str,
    ) -> StepExecutionResult {
        let ms = self.execution_ms.unwrap_or(since_poll_ms);
        let mut result = match self.error {
            None => StepExecutionResult::success(step, self.result, ms, None),
            Some(failure) => failure.into_engine(step, ms),
        };
        result.metadata.worker_id = Some(instance.to_owned());
        result
    }
}

impl Failure {
    fn into_engine(self, step: Uuid, ms: i64) -> StepExecutionResult {
        let context = Some(self.context).filter(|context| !context.is_empty());
        let mut result = StepExecutionResult::failure(
            step,
            without_nul(&self.message),
            self.code.as_deref().map(without_nul),
            self.kind.as_deref().map(without_nul),
            self.retryable,
            ms,
            context,
        );
        if let Some(error) = result.error.as_mut().filter(|_| !self.backtrace.is_empty()) {
            error.backtrace = Some(
                self.backtrace
                    .iter()
                    .map(|line| without_nul(line))
                    .collect(),
            );
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argument;

    fn outcome(json: &str) -> Result<Outcome, Error> {
        let outcome: Outcome = argument::json(json, "outcome")?;
        outcome.check()?;
        Ok(outcome)
    }

    #[test]
    fn a_success_carries_its_result_and_the_instance() {
        let result = outcome(r#"{"ok":true,"result":{"n":36},"execution_ms":3}"#)
            .unwrap()
            .into_engine(Uuid::nil(), 99, "worker-ruby-1");

        assert!(result.success);
        assert_eq!(result.result["n"], 36);
        assert_eq!(result.metadata.execution_time_ms, 3);
        assert_eq!(result.metadata.worker_id.as_deref(), Some("worker-ruby-1"));
    }

    #[test]
    fn a_failure_keeps_what_the_engine_decides_by() {
        let result = outcome(
            r#"{"ok":false,"error":{"message":"odd","type":"PermanentError","code":"ODD","retryable":false,
                "backtrace":["a:1"],"context":{"given":7}}}"#,
        )
        .unwrap()
        .into_engine(Uuid::nil(), 12, "worker-ts-1");

        let error = result.error.unwrap();
        assert!(!error.retryable && !result.metadata.retryable);
        assert_eq!(error.error_type.as_deref(), Some("PermanentError"));
        assert_eq!(error.backtrace, Some(vec!["a:1".to_owned()]));
        assert_eq!(result.metadata.error_code.as_deref(), Some("ODD"));
        assert_eq!(result.metadata.context["given"], 7);
        assert_eq!(result.metadata.execution_time_ms, 12);
    }

    #[test]
    fn text_that_the_database_does_not_store_is_refused() {
        for json in [
            r#"{"ok":true,"result":{"a":["\u0000"]}}"#,
            r#"{"ok":true,"events":[{"name":"a.b","payload":"\u0000"}]}"#,
            r#"{"ok":true,"events":[{"name":"a\u0000b"}]}"#,
            r#"{"ok":false,"error":{"message":"x","retryable":true,"context":{"a":"\u0000"}}}"#,
        ] {
            let error = outcome(json).unwrap_err();

            assert!(error.to_string().contains("U+0000"), "{json}: {error}");
        }
    }

    #[test]
    fn in_the_words_of_an_error_it_is_replaced() {
        let result = outcome(
            r#"{"ok":false,"error":{"message":"a\u0000","type":"b\u0000","code":"c\u0000","retryable":true,
                "backtrace":["d\u0000"]}}"#,
        )
        .unwrap()
        .into_engine(Uuid::nil(), 1, "worker-ts-1");

        let stored = serde_json::to_value(&result).unwrap();
        assert!(!holds_nul(&stored), "{stored}");
        assert_eq!(stored["error"]["message"], "a\u{FFFD}");
    }

    #[test]
    fn contradictions_and_unknown_keys_are_refused() {
        for json in [
            r#"{"ok":true,"error":{"message":"x","retryable":true}}"#,
            r#"{"ok":false}"#,
            r#"{"ok":false,"result":1,"error":{"message":"x","retryable":true}}"#,
            r#"{"ok":true,"reslut":1}"#,
            r#"{"ok":false,"error":{"message":"x"}}"#,
            "[]",
        ] {
            assert!(outcome(json).is_err(), "{json}");
        }
    }
}
