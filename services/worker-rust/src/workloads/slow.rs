//! `slow`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::Named;
use crate::handler::{Failed, Handler, Outcome};
use crate::step::Step;

const LONGEST_MS: u64 = 600_000;

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
