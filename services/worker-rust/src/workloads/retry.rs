//! `retry_mechanics_test` fails as often as its template says and then succeeds; `retry_exhaustion_test` never does.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Named;
use crate::handler::{Failed, Outcome};
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        ("retry::fail_times", Arc::new(fail_times)),
        ("retry::always_fail", Arc::new(always_fail)),
    ]
}

/// Fails on the first `fail_count` attempts. `result`: how often it had failed before.
fn fail_times(step: &Step<'_>) -> Outcome {
    let fail_count = step
        .setting("fail_count")
        .and_then(Value::as_i64)
        .ok_or_else(|| Failed::permanently("the template sets no integer fail_count"))?;
    let attempt = i64::from(step.attempt());
    if attempt <= fail_count {
        return Err(Failed::for_now(format!(
            "attempt {attempt} fails on purpose, as {fail_count} do"
        )));
    }
    Ok(json!({"result": fail_count, "attempt": attempt}))
}

fn always_fail(step: &Step<'_>) -> Outcome {
    Err(Failed::for_now(format!(
        "attempt {} fails on purpose, as all do",
        step.attempt()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::StepBuilder;

    #[test]
    fn it_fails_as_often_as_it_is_told() {
        let outcome = |attempts| {
            let step = StepBuilder::new("s")
                .setting("fail_count", json!(2))
                .attempts(attempts)
                .build();
            fail_times(&Step::new(&step))
        };

        assert!(outcome(0).unwrap_err().retryable);
        assert!(outcome(1).unwrap_err().retryable);
        assert_eq!(outcome(2), Ok(json!({"result": 2, "attempt": 3})));
    }
}
