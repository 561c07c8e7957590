//! The JSON of a step, as the host polls it.

use serde_json::{Map, Value, json};
use tasker_worker::worker::FfiStepEvent;

pub fn to_json(event: &FfiStepEvent) -> Value {
    let sequence = &event.execution_event.payload.task_sequence_step;
    let (task, step, definition) = (&sequence.task, &sequence.workflow_step, &sequence.step_definition);
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
        "parents": definition.dependencies,
        "dependencies": dependencies,
        "checkpoint": step.checkpoint,
    })
}
