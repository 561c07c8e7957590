//! Requests for tasks.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tasker_shared::models::core::task_request::TaskRequest;
use tasker_shared::types::api::orchestration::TaskResponse;
use uuid::Uuid;

/// Key of the context that makes a task one of its own.
///
/// The engine knows a task by a hash of its context and refuses a second one; an idempotency key it
/// takes and does not look at (0.1.8).
const OWN_KEY: &str = "cluster_tests_own";

/// A request for a task of its own: no other request has its identity or its correlation id.
pub fn create_task_request(namespace: &str, name: &str, context: Value) -> TaskRequest {
    let request = TaskRequest::new(name.to_owned(), namespace.to_owned())
        .with_version("1.0.0".to_owned())
        .with_context(context)
        .with_initiator("cluster-tests".to_owned())
        .with_source_system("cluster-tests".to_owned())
        .with_reason("the test suite".to_owned());
    made_distinct(request)
}

/// Four steps in a row in Rust.
pub fn create_simple_task_request() -> TaskRequest {
    create_task_request(
        "rust_e2e_linear",
        "mathematical_sequence",
        json!({"even_number": 6}),
    )
}

/// One step, then so many at once (100 at most), then one, in Rust.
pub fn create_fan_out_task_request(width: usize) -> TaskRequest {
    let context = json!({"even_number": 6, "width": width});
    create_task_request("rust_e2e_fan_out", "fan_out", context)
}

/// Gives a copy of a request an identity and a correlation id of its own.
pub(crate) fn made_distinct(mut request: TaskRequest) -> TaskRequest {
    let own = Uuid::now_v7();
    if let Some(context) = request.context.as_object_mut() {
        context.insert(OWN_KEY.to_owned(), json!(own));
    }
    request.with_correlation_id(own)
}

/// The ids of created tasks.
///
/// # Errors
/// An id that is no uuid.
pub fn uuids(tasks: &[TaskResponse]) -> Result<Vec<Uuid>> {
    tasks
        .iter()
        .map(|task| {
            let text = &task.task_uuid;
            text.parse()
                .with_context(|| format!("the task uuid `{text}`"))
        })
        .collect()
}
