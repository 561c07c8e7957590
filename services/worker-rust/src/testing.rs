//! Steps as the engine would hand them out, for tests.

use serde_json::{Map, Value, json};
use tasker_shared::types::TaskSequenceStep;

/// Builds a step that only says what a test is about.
pub struct StepBuilder {
    name: String,
    callable: String,
    context: Value,
    inputs: Value,
    settings: Map<String, Value>,
    dependencies: Vec<String>,
    results: Map<String, Value>,
    attempts: Option<i32>,
}

impl StepBuilder {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            callable: "none".to_owned(),
            context: json!({}),
            inputs: Value::Null,
            settings: Map::new(),
            dependencies: Vec::new(),
            results: Map::new(),
            attempts: None,
        }
    }

    pub fn callable(mut self, callable: &str) -> Self {
        callable.clone_into(&mut self.callable);
        self
    }

    pub fn context(mut self, context: Value) -> Self {
        self.context = context;
        self
    }

    pub fn inputs(mut self, inputs: Value) -> Self {
        self.inputs = inputs;
        self
    }

    pub fn setting(mut self, name: &str, value: Value) -> Self {
        self.settings.insert(name.to_owned(), value);
        self
    }

    pub fn attempts(mut self, attempts: i32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// A direct dependency whose result is there.
    pub fn parent(self, name: &str, result: Value) -> Self {
        self.depends_on(name).predecessor(name, result)
    }

    pub fn depends_on(mut self, name: &str) -> Self {
        self.dependencies.push(name.to_owned());
        self
    }

    /// A result that is there, of a step that need not be a direct dependency.
    pub fn predecessor(mut self, name: &str, result: Value) -> Self {
        self.results
            .insert(name.to_owned(), json!({"success": true, "result": result}));
        self
    }

    pub fn build(self) -> TaskSequenceStep {
        let uuid = "01890000-0000-7000-8000-000000000000";
        let time = "2026-01-01T00:00:00";
        serde_json::from_value(json!({
            "task": {
                "task": {
                    "task_uuid": uuid, "named_task_uuid": uuid, "complete": false, "requested_at": time, "context": self.context,
                    "identity_hash": "", "priority": 0, "created_at": time, "updated_at": time, "correlation_id": uuid,
                },
                "task_name": "t", "task_version": "1.0.0", "namespace_name": "n",
            },
            "workflow_step": {
                "workflow_step_uuid": uuid, "task_uuid": uuid, "named_step_uuid": uuid, "name": self.name,
                "template_step_name": self.name, "retryable": true, "in_process": true, "processed": false,
                "attempts": self.attempts, "inputs": self.inputs, "created_at": time, "updated_at": time,
            },
            "dependency_results": self.results,
            "step_definition": {
                "name": self.name,
                "handler": {"callable": self.callable, "initialization": self.settings},
                "dependencies": self.dependencies,
            },
        }))
        .unwrap()
    }
}
