//! Walks each Rust workload of `config/workloads.toml` through its template with the real handlers, and compares.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tasker_shared::models::core::task_template::{StepDefinition, TaskTemplate};

use crate::handler::Outcome;
use crate::step::Step;
use crate::testing::StepBuilder;

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn workloads() -> Vec<toml::Table> {
    let text = std::fs::read_to_string(config().join("workloads.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let all = table["workload"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workload| workload.as_table().unwrap().clone());
    all.filter(|workload| workload["language"].as_str() == Some("rust"))
        .collect()
}

fn template(namespace: &str, name: &str) -> TaskTemplate {
    std::fs::read_dir(config().join("templates/rust"))
        .unwrap()
        .map(|entry| TaskTemplate::from_yaml_file(&entry.unwrap().path()).unwrap())
        .find(|template| template.namespace_name == namespace && template.name == name)
        .unwrap_or_else(|| panic!("no template {namespace}/{name}"))
}

/// Runs `step` on its last attempt, as if named `name`, after `done`.
async fn run(
    step: &StepDefinition,
    name: &str,
    inputs: Value,
    context: &Value,
    done: &Map<String, Value>,
) -> Outcome {
    let last = i32::try_from(step.retry.max_attempts).unwrap() - 1;
    let mut builder = StepBuilder::new(name)
        .callable(&step.handler.callable)
        .context(context.clone())
        .inputs(inputs)
        .attempts(last);
    for (setting, value) in &step.handler.initialization {
        builder = builder.setting(setting, value.clone());
    }
    for parent in &step.dependencies {
        builder = builder.depends_on(parent);
    }
    for (predecessor, result) in done {
        builder = builder.predecessor(predecessor, result.clone());
    }
    let built = builder.build();
    let (_, handler) = super::all()
        .into_iter()
        .find(|(callable, _)| *callable == step.handler.callable)
        .unwrap();
    handler.call(&Step::new(&built)).await
}

/// What each step comes to, up to the first failure.
async fn walk(template: &TaskTemplate, context: &Value) -> (Map<String, Value>, bool) {
    let mut done = Map::new();
    let mut batch: Vec<Value> = Vec::new();
    // Our templates list a step after all that it depends on.
    for step in &template.steps {
        let name = &step.name;
        // The engine makes the steps of a batch by its cursors.
        let instances: Vec<(String, Value)> = if step.batch_config.is_some() {
            batch
                .iter()
                .map(|cursor| {
                    (
                        format!("{name}_{}", cursor["batch_id"].as_str().unwrap()),
                        json!({"cursor": cursor}),
                    )
                })
                .collect()
        } else {
            vec![(name.clone(), Value::Null)]
        };
        for (instance, inputs) in instances {
            let Ok(result) = run(step, &instance, inputs, context, &done).await else {
                return (done, false);
            };
            if let Some(cursors) = result.pointer("/batch_processing_outcome/cursor_configs") {
                batch = cursors.as_array().unwrap().clone();
            }
            done.insert(instance, result);
        }
    }
    (done, true)
}

#[tokio::test]
async fn every_rust_workload_comes_to_what_the_file_says() {
    let workloads = workloads();
    assert!(workloads.len() >= 10);
    for workload in workloads {
        let name = workload["template"].as_str().unwrap();
        let context = serde_json::to_value(&workload["context"]).unwrap();

        let (results, complete) = walk(
            &template(workload["namespace"].as_str().unwrap(), name),
            &context,
        )
        .await;

        assert_eq!(
            complete,
            workload["outcome"].as_str() == Some("complete"),
            "{name} {context}"
        );
        for (step, expected) in workload
            .get("results")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
        {
            assert_eq!(
                results[step]["result"],
                serde_json::to_value(expected).unwrap(),
                "{name} {step}"
            );
        }
    }
}
