//! `fan_out`: a root, `width` parts side by side, and a step that joins them.
//!
//! The width is the task's: the root answers with a batch, for which the engine makes a part each. Part n multiplies the
//! number by n, the join adds the products up: 6 with ten parts -> 6, 12, ... 60 -> 330.

use std::sync::Arc;

use num_bigint::BigInt;
use serde_json::{Value, json};

use super::Named;
use crate::arithmetic::{answer, even_number, of_parent, of_parents};
use crate::handler::{Failed, Outcome};
use crate::step::Step;

/// The step of the template that each part is made from.
const PART: &str = "fan_out_part";
const DEFAULT_WIDTH: u64 = 10;
const GREATEST_WIDTH: u64 = 100;

pub fn handlers() -> Vec<Named> {
    vec![
        ("fan_out::root", Arc::new(root)),
        ("fan_out::part", Arc::new(part)),
        ("fan_out::join", Arc::new(join)),
    ]
}

fn root(step: &Step<'_>) -> Outcome {
    let width = width(step)?;
    let cursors: Vec<Value> = (1..=width)
        .map(|n| json!({"batch_id": format!("{n:03}"), "start_cursor": n, "end_cursor": n + 1, "batch_size": 1}))
        .collect();
    let mut result = answer(&even_number(step)?, "root");
    result["batch_processing_outcome"] = json!({
        "type": "create_batches",
        "worker_template_name": PART,
        "worker_count": width,
        "cursor_configs": cursors,
        "total_items": width,
    });
    Ok(result)
}

fn part(step: &Step<'_>) -> Outcome {
    let n = step
        .batch_start()
        .ok_or_else(|| Failed::permanently(format!("{} has no place in a batch", step.name())))?;
    Ok(answer(&(of_parent(step)? * n), "multiply"))
}

fn join(step: &Step<'_>) -> Outcome {
    let parts = of_parents(step)?;
    let mut result = answer(&parts.iter().sum::<BigInt>(), "sum");
    result["width"] = json!(parts.len());
    Ok(result)
}

fn width(step: &Step<'_>) -> Result<u64, Failed> {
    let Some(value) = step.context("width") else {
        return Ok(DEFAULT_WIDTH);
    };
    value
        .as_u64()
        .filter(|width| (1..=GREATEST_WIDTH).contains(width))
        .ok_or_else(|| {
            Failed::permanently(format!(
                "width must be an integer from 1 to {GREATEST_WIDTH}, not {value}"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::StepBuilder;

    fn root_of(context: Value) -> Outcome {
        root(&Step::new(
            &StepBuilder::new("fan_out_root").context(context).build(),
        ))
    }

    #[test]
    fn the_root_asks_for_as_many_parts_as_the_task_is_wide() {
        let count = |context| {
            root_of(context).unwrap()["batch_processing_outcome"]["cursor_configs"]
                .as_array()
                .unwrap()
                .len()
        };

        assert_eq!(count(json!({"even_number": 6})), 10);
        assert_eq!(count(json!({"even_number": 6, "width": 1})), 1);
        assert_eq!(count(json!({"even_number": 6, "width": 100})), 100);
    }

    #[test]
    fn a_width_out_of_range_is_a_permanent_failure() {
        for width in [json!(0), json!(101), json!("10"), json!(2.5)] {
            let failed = root_of(json!({"even_number": 6, "width": width})).unwrap_err();

            assert!(!failed.retryable, "{}", failed.message);
        }
    }

    #[test]
    fn a_part_multiplies_by_its_place() {
        let step = StepBuilder::new("fan_out_part_007")
            .inputs(json!({"cursor": {"start_cursor": 7}}))
            .parent("fan_out_root", json!({"result": 6}))
            .build();

        assert_eq!(
            part(&Step::new(&step)),
            Ok(json!({"result": 42, "operation": "multiply"}))
        );
    }

    #[test]
    fn the_join_adds_the_parts_up() {
        let step = StepBuilder::new("fan_out_join")
            .depends_on("fan_out_part")
            .predecessor("fan_out_part_001", json!({"result": 6}))
            .predecessor("fan_out_part_002", json!({"result": 12}))
            .predecessor("fan_out_root", json!({"result": 6}))
            .build();

        assert_eq!(
            join(&Step::new(&step)),
            Ok(json!({"result": 18, "operation": "sum", "width": 2}))
        );
    }
}
