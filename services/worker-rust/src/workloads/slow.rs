//! `slow`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Named;
use crate::handler::{Failed, Handler, Outcome};
use crate::step::Step;

/// Less than the engine's `handler_timeout_ms`: beyond that a step is run again while its first run goes on.
const LONGEST_MS: u64 = 50_000;

pub fn handlers() -> Vec<Named> {
    vec![("slow::sleep", Arc::new(Sleep))]
}

/// Sleeps for the task's `sleep_ms` milliseconds.
struct Sleep;

#[async_trait]
impl Handler for Sleep {
    async fn call(&self, step: &Step<'_>) -> Outcome {
        let sleep_ms = step
            .context("sleep_ms")
            .and_then(Value::as_u64)
            .filter(|ms| *ms <= LONGEST_MS)
            .ok_or_else(|| {
                Failed::permanently(format!(
                    "sleep_ms must be an integer from 0 to {LONGEST_MS}"
                ))
            })?;
        tokio::time::sleep(Duration::from_millis(sleep_ms)).await;
        Ok(json!({"result": sleep_ms, "operation": "sleep"}))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::StepBuilder;

    fn setting(profile: &str) -> u64 {
        let path = format!("../../config/tasker/generated/worker-{profile}.toml");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let dispatch = &table["worker"]["mpsc_channels"]["handler_dispatch"];
        u64::try_from(dispatch["handler_timeout_ms"].as_integer().unwrap()).unwrap()
    }

    #[test]
    fn the_engine_waits_longer_than_a_step_may_sleep() {
        for profile in ["stock", "polling"] {
            assert!(setting(profile) >= LONGEST_MS + 10_000, "{profile}");
        }
    }

    #[tokio::test]
    async fn a_longer_sleep_is_a_permanent_failure() {
        let step = StepBuilder::new("s")
            .context(json!({"sleep_ms": LONGEST_MS + 1}))
            .build();

        let failed = Sleep.call(&Step::new(&step)).await.unwrap_err();

        assert!(!failed.retryable);
    }
}
