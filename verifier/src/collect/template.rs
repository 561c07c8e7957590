//! Reads task templates as strictly as the engine does, and notes what it would ignore.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_norway::Value;

use super::path_state;
use crate::evidence::{Template, TemplateRoot, TemplateStep};
use crate::project::Project;
use crate::topology::Problem;

/// Reads every YAML file below a root, as the engine does. `path` may be absolute.
pub fn read_root(project: &Project, path: &str) -> TemplateRoot {
    let absolute = project.path(path);
    let mut root = TemplateRoot {
        state: path_state(&absolute),
        templates: Vec::new(),
        problems: Vec::new(),
    };
    let mut folders = vec![absolute];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let file = entry.path();
            if file.is_dir() {
                folders.push(file);
            } else if file
                .extension()
                .is_some_and(|ending| ending == "yaml" || ending == "yml")
            {
                let shown = file.strip_prefix(&project.root).unwrap_or(&file);
                match read(&file, &shown.display().to_string()) {
                    Ok(template) => root.templates.push(template),
                    Err(problem) => root.problems.push(problem),
                }
            }
        }
    }
    root.templates.sort_by(|a, b| a.path.cmp(&b.path));
    root.problems.sort_by(|a, b| a.file.cmp(&b.file));
    root
}

fn read(file: &Path, shown: &str) -> Result<Template, Problem> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Problem::of_file(shown, format!("cannot be read: {error}")))?;
    parse(&text, shown)
}

fn parse(text: &str, shown: &str) -> Result<Template, Problem> {
    let mut unknown_fields = Vec::new();
    let deserializer = serde_norway::Deserializer::from_str(text);
    let file: TemplateFile = serde_ignored::deserialize(deserializer, |path| {
        // A `?` stands for the inside of an optional field.
        unknown_fields.push(path.to_string().replace(".?", ""));
    })
    .map_err(|error: serde_norway::Error| {
        let (line, column) = error
            .location()
            .map_or((0, 0), |at| (at.line(), at.column()));
        Problem::at(shown, line, column, error.to_string())
    })?;
    Ok(Template {
        path: shown.to_owned(),
        namespace: file.namespace_name,
        name: file.name,
        version: file.version,
        steps: file
            .steps
            .into_iter()
            .map(|step| TemplateStep {
                name: step.name,
                callable: step.handler.callable,
                dependencies: step.dependencies,
                max_attempts: step.retry.and_then(|retry| retry.max_attempts),
                durable_events: step
                    .publishes_events
                    .into_iter()
                    .filter(PublishedEvent::is_left_by_success)
                    .map(|event| event.name)
                    .collect(),
            })
            .collect(),
        unknown_fields,
    })
}

// The types below have the fields of the engine's `TaskTemplate` (tasker-shared 0.1.8) and its idea of which may be
// absent. What nobody judges is only parsed.

#[derive(Deserialize)]
#[expect(dead_code, reason = "a field that is not named counts as unknown")]
struct TemplateFile {
    name: String,
    namespace_name: String,
    version: String,
    description: Option<String>,
    metadata: Option<Metadata>,
    system_dependencies: Option<SystemDependencies>,
    #[serde(default)]
    domain_events: Vec<DomainEvent>,
    input_schema: Option<Value>,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    environments: BTreeMap<String, Environment>,
    lifecycle: Option<Lifecycle>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Metadata {
    author: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    documentation_url: Option<String>,
    created_at: Option<chrono::DateTime<chrono::Utc>>,
    updated_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct SystemDependencies {
    primary: Option<String>,
    #[serde(default)]
    secondary: Vec<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct DomainEvent {
    name: String,
    description: Option<String>,
    schema: Option<Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "a field that is not named counts as unknown")]
struct Step {
    name: String,
    description: Option<String>,
    handler: Handler,
    #[serde(rename = "type", alias = "step_type")]
    step_type: Option<StepType>,
    system_dependency: Option<String>,
    #[serde(default, alias = "depends_on")]
    dependencies: Vec<String>,
    retry: Option<Retry>,
    timeout_seconds: Option<u32>,
    #[serde(default)]
    publishes_events: Vec<PublishedEvent>,
    batch_config: Option<Batch>,
    result_schema: Option<Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "a field that is not named counts as unknown")]
struct Handler {
    callable: String,
    method: Option<String>,
    resolver: Option<String>,
    initialization: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepType {
    Standard,
    Decision,
    DeferredConvergence,
    Batchable,
    BatchWorker,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "a field that is not named counts as unknown")]
struct Retry {
    retryable: Option<bool>,
    max_attempts: Option<i64>,
    backoff: Option<Backoff>,
    backoff_base_ms: Option<u64>,
    max_backoff_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Backoff {
    None,
    Linear,
    Exponential,
    Fibonacci,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct PublishedEvent {
    name: String,
    description: String,
    condition: Option<Condition>,
    schema: Value,
    delivery_mode: Option<DeliveryMode>,
    publisher: Option<String>,
}

impl PublishedEvent {
    /// Whether a success leaves it in the namespace's queue; the engine's defaults are durable, and on success.
    fn is_left_by_success(&self) -> bool {
        !matches!(self.delivery_mode, Some(DeliveryMode::Fast))
            && matches!(
                self.condition,
                None | Some(Condition::Success | Condition::Always)
            )
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Condition {
    Success,
    Failure,
    RetryableFailure,
    PermanentFailure,
    Always,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DeliveryMode {
    Durable,
    Fast,
    Broadcast,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Batch {
    batch_size: u32,
    parallelism: u32,
    cursor_field: String,
    worker_template: String,
    failure_strategy: FailureStrategy,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FailureStrategy {
    ContinueOnFailure,
    FailFast,
    Isolate,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Environment {
    #[serde(default)]
    steps: Vec<StepOverride>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct StepOverride {
    name: String,
    handler: Option<HandlerOverride>,
    timeout_seconds: Option<u32>,
    retry: Option<Retry>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct HandlerOverride {
    initialization: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Lifecycle {
    max_duration_minutes: Option<i32>,
    max_waiting_for_dependencies_minutes: Option<i32>,
    max_waiting_for_retry_minutes: Option<i32>,
    max_steps_in_process_minutes: Option<i32>,
    staleness_action: Option<String>,
    auto_fail_on_timeout: Option<bool>,
    auto_dlq_on_timeout: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name: t\nnamespace_name: n\nversion: 1.0.0\n";

    fn of_step(step: &str) -> Result<Template, Problem> {
        parse(&format!("{HEAD}steps:\n  - {step}\n"), "t.yaml")
    }

    #[test]
    fn fields_that_the_engine_does_not_know_are_listed_with_their_path() {
        let read = of_step("{name: s, handler: {callable: c}, retry: {max_atempts: 2}, after: x}")
            .unwrap();

        assert_eq!(
            read.unknown_fields,
            ["steps.0.retry.max_atempts", "steps.0.after"]
        );
    }

    #[test]
    fn what_a_handler_gets_is_its_own_affair_and_both_names_of_a_field_are_known() {
        let read = of_step(
            "{name: s, handler: {callable: c, initialization: {any: {thing: 1}}}, depends_on: [a], type: decision}",
        );

        let read = read.unwrap();
        assert_eq!(read.unknown_fields, [""; 0]);
        assert_eq!(read.steps[0].dependencies, ["a"]);
    }

    #[test]
    fn what_the_engine_refuses_is_refused_with_its_place() {
        for step in [
            "{name: s}",
            "{name: s, handler: {}}",
            "{name: s, handler: {callable: c}, retry: {backoff: sometimes}}",
            "{name: s, handler: {callable: c}, type: odd}",
        ] {
            let problem = of_step(step).unwrap_err();

            assert_eq!(problem.file, "t.yaml", "{step}");
            assert!(problem.line > 0, "{step}: {problem}");
        }
        assert!(parse("name: t\nnamespace_name: n\n", "t.yaml").is_err());
    }
}
