//! The JSON of a step, as the host polls it.

use serde_json::{Map, Value, json};
use tasker_worker::TaskSequenceStep;
use tasker_worker::worker::FfiStepEvent;

pub fn to_json(event: &FfiStepEvent) -> Value {
    let sequence = &event.execution_event.payload.task_sequence_step;
    let (task, step, definition) = (
        &sequence.task,
        &sequence.workflow_step,
        &sequence.step_definition,
    );
    let dependencies: Map<String, Value> = sequence
        .dependency_results
        .iter()
        .map(|(name, result)| (name.clone(), result.result.clone()))
        .collect();
    json!({
        "kind": "step",
        "event_id": event.event_id,
        "task_uuid": event.task_uuid,
        "step_uuid": event.step_uuid,
        "correlation_id": event.correlation_id,
        "namespace": task.namespace_name,
        "task_name": task.task_name,
        "step_name": step.name,
        // The engine counts the attempts before this claim.
        "attempt": step.attempts.unwrap_or(0) + 1,
        "max_attempts": step.max_attempts,
        "callable": definition.handler.callable,
        "method": definition.handler.method,
        "initialization": definition.handler.initialization,
        "timeout_seconds": definition.timeout_seconds,
        "context": task.task.context,
        "inputs": step.inputs,
        "parents": parents(sequence),
        "dependencies": dependencies,
        "checkpoint": step.checkpoint.as_ref().map(checkpoint),
    })
}

/// What a handler stored, without the engine's own notes beside it: those differ between a continuation and a retry.
fn checkpoint(stored: &Value) -> Value {
    let of = |key: &str| stored.get(key).cloned().unwrap_or_default();
    json!({
        "cursor": of("cursor"),
        "items_processed": of("items_processed"),
        "accumulated_results": of("accumulated_results"),
    })
}

/// The steps that this one depends on directly, in the template's order.
///
/// The engine hands out the results of all predecessors. For a step that waits for a batch its definition names the
/// template of the batch's steps, and the results are those of the steps made from it.
fn parents(sequence: &TaskSequenceStep) -> Vec<&str> {
    let results = &sequence.dependency_results;
    let mut parents = Vec::new();
    for parent in &sequence.step_definition.dependencies {
        let of_batch = format!("{parent}_");
        let mut batch: Vec<&str> = results
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with(&of_batch))
            .collect();
        if results.contains_key(parent) || batch.is_empty() {
            parents.push(parent.as_str());
        } else {
            batch.sort_unstable();
            parents.append(&mut batch);
        }
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_the_same_whether_it_comes_from_a_continuation_or_the_database() {
        let ours = json!({"cursor": 7, "items_processed": 7, "accumulated_results": null});

        for stored in [
            json!({"step_uuid": "s", "cursor": 7, "items_processed": 7}),
            json!({"cursor": 7, "items_processed": 7, "timestamp": "t", "history": [{"cursor": 7}]}),
        ] {
            assert_eq!(checkpoint(&stored), ours);
        }
    }
}
