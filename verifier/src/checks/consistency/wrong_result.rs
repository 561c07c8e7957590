use serde_json::Value;

use crate::check::{Check, Code, Finding};
use crate::evidence::{CanaryStep, Evidence, Unseen};

/// A canary's step completed with another value than its arithmetic gives.
///
/// Then a parent's result was lost, mixed up with another's, or changed on its
/// way through the queue and two languages.
pub struct WrongResult;

impl Check for WrongResult {
    const CODE: Code = Code::new(512);
    const NAME: &'static str = "wrong-result";
    const TITLE: &'static str = "every completed canary has the values that its arithmetic gives";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        let complete = evidence
            .canaries
            .seen()?
            .sent()?
            .iter()
            .filter(|canary| canary.is_complete());
        for canary in complete {
            for (name, expected) in &canary.expected {
                let step = canary.steps.iter().find(|step| step.name == *name);
                // CV625 tells of a task that is complete before its steps are.
                if step.is_some_and(|step| step.state != "complete") {
                    continue;
                }
                let actual = step.and_then(value);
                if actual.is_some_and(|actual| is_same(actual, expected)) {
                    continue;
                }
                let task = canary.create.task_uuid().unwrap_or_default();
                let said = actual.map_or("nothing".to_owned(), ToString::to_string);
                findings.push(
                    Finding::about(canary)
                        .observed(format!("the database has {said} as the result of {name}"))
                        .evidence("expected", expected)
                        .evidence("actual", said)
                        .evidence("task", task)
                        .hint(format!("run `cluster-verify task {task}`")),
                );
            }
        }
        Ok(findings)
    }
}

/// What the handler returned under the key `result`.
fn value(step: &CanaryStep) -> Option<&Value> {
    let result = step.result.as_ref()?;
    // The engine wraps what the handler returned in a result of its own.
    result
        .get("result")
        .and_then(|own| own.get("result").or(Some(own)))
}

/// Numbers by value, whether written as 69, 69.0 or, when they are long, as a string of digits.
fn is_same(actual: &Value, expected: &Value) -> bool {
    let digits = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    if digits(actual) == digits(expected) {
        return true;
    }
    match (actual.as_f64(), expected.as_f64()) {
        (Some(actual), Some(expected)) => {
            (actual - expected).abs() < 1e-9 * expected.abs().max(1.0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// The first canary's step `send` returned this where 69 is expected.
    fn returning(result: Value) -> Evidence {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.expected = [("send".to_owned(), json!(69))].into();
        canary.steps[1].result = Some(result);
        evidence
    }

    #[test]
    fn another_value_is_a_finding() {
        let findings = fires::<WrongResult>(&returning(json!({"result": {"result": 70}})));

        assert_eq!(findings[0].evidence["expected"], "69");
        assert_eq!(findings[0].evidence["actual"], "70");
    }

    #[test]
    fn no_value_is_a_finding() {
        fires::<WrongResult>(&returning(json!(null)));
    }

    #[test]
    fn the_same_number_may_be_written_in_other_ways() {
        silent::<WrongResult>(&returning(json!({"result": {"result": 69.0}})));
        silent::<WrongResult>(&returning(json!({"result": {"result": "69"}})));
    }

    #[test]
    fn long_numbers_are_compared_to_the_digit() {
        let mut evidence = returning(json!({"result": {"result": "7958661109946400884391936"}}));
        let expected = &mut evidence.canaries.seen_mut().tasks[0].expected;
        expected.insert("send".into(), json!("7958661109946400884391937"));

        fires::<WrongResult>(&evidence);
    }

    #[test]
    fn a_canary_that_did_not_complete_is_another_finding() {
        let mut evidence = returning(json!(null));
        for reading in &mut evidence.canaries.seen_mut().tasks[0].last_readings {
            reading.state = Some("error".into());
        }

        silent::<WrongResult>(&evidence);
    }

    #[test]
    fn a_step_that_did_not_complete_is_another_finding() {
        let mut evidence = returning(json!(null));
        evidence.canaries.seen_mut().tasks[0].steps[1].state = "pending".into();

        silent::<WrongResult>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<WrongResult>(&evidence);
    }
}
