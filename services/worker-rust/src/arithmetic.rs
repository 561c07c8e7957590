//! Numbers between steps: exact at any size. Beyond what every JSON reader keeps they travel as decimal strings.

use num_bigint::BigInt;
use serde_json::{Value, json};

use crate::handler::{Failed, Outcome};
use crate::step::Step;

/// The largest integer up to which a double, and so a JSON number in most languages, is exact.
const EXACT: i64 = 1 << 53;

/// The task's `even_number`.
pub fn even_number(step: &Step<'_>) -> Result<BigInt, Failed> {
    let wrong = |found: String| {
        Failed::permanently(format!("even_number must be an even integer, not {found}"))
    };
    let value = step
        .context("even_number")
        .ok_or_else(|| wrong("missing".to_owned()))?;
    match decode(value) {
        Some(number) if !number.bit(0) => Ok(number),
        _ => Err(wrong(value.to_string())),
    }
}

/// What the only parent came to.
pub fn of_parent(step: &Step<'_>) -> Result<BigInt, Failed> {
    result(step.parent()?)
}

/// What each parent came to.
pub fn of_parents(step: &Step<'_>) -> Result<Vec<BigInt>, Failed> {
    step.parents()?.into_iter().map(result).collect()
}

fn result(of_step: &Value) -> Result<BigInt, Failed> {
    of_step.get("result").and_then(decode).ok_or_else(|| {
        Failed::permanently(format!(
            "a parent came to {of_step}, which has no integer `result`"
        ))
    })
}

/// `number * number`, as the result of a step.
pub fn squared(number: &BigInt) -> Outcome {
    Ok(answer(&(number * number), "square"))
}

/// A number as the result of a step.
pub fn answer(number: &BigInt, operation: &str) -> Value {
    json!({"result": encode(number), "operation": operation})
}

fn encode(number: &BigInt) -> Value {
    match i64::try_from(number) {
        Ok(small) if small.abs() <= EXACT => json!(small),
        _ => json!(number.to_string()),
    }
}

fn decode(value: &Value) -> Option<BigInt> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .map(BigInt::from)
            .or_else(|| number.as_u64().map(BigInt::from)),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::StepBuilder;

    #[test]
    fn numbers_are_exact_at_any_size() {
        let limit = BigInt::from(EXACT);

        assert_eq!(encode(&limit), json!(9_007_199_254_740_992_i64));
        assert_eq!(encode(&(&limit + 1)), json!("9007199254740993"));
        assert_eq!(encode(&(-&limit - 1)), json!("-9007199254740993"));
        for number in [BigInt::from(0), limit.clone(), limit.pow(7), -limit.pow(3)] {
            assert_eq!(decode(&encode(&number)), Some(number));
        }
    }

    #[test]
    fn an_even_number_is_taken() {
        for (context, number) in [
            (json!(6), 6),
            (json!(-4), -4),
            (json!(0), 0),
            (json!("12"), 12),
        ] {
            let step = StepBuilder::new("s")
                .context(json!({"even_number": context}))
                .build();

            assert_eq!(even_number(&Step::new(&step)), Ok(BigInt::from(number)));
        }
    }

    #[test]
    fn anything_else_is_a_permanent_failure() {
        for (context, found) in [
            (json!({}), "missing"),
            (json!({"even_number": 7}), "7"),
            (json!({"even_number": 6.5}), "6.5"),
            (json!({"even_number": null}), "null"),
            (json!({"even_number": [6]}), "[6]"),
        ] {
            let step = StepBuilder::new("s").context(context).build();

            let failed = even_number(&Step::new(&step)).unwrap_err();

            assert_eq!(
                failed.message,
                format!("even_number must be an even integer, not {found}")
            );
            assert!(!failed.retryable);
        }
    }
}
