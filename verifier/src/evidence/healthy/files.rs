//! The project's files and the shell's tools.

use std::collections::BTreeMap;

use serde_json::json;

use crate::evidence::{
    Configuration, EngineFile, Observed, PathState, Placeholder, RenderedFile, Rule, Template,
    TemplateRoot, TemplateStep, Tool,
};

pub fn configuration(profile: &str) -> Configuration {
    let root = TemplateRoot {
        state: PathState::Folder,
        problems: Vec::new(),
        templates: vec![Template {
            path: "templates/rust/letter.yaml".into(),
            namespace: "mail".into(),
            name: "letter".into(),
            version: "1.0.0".into(),
            steps: vec![
                template_step("write", &[]),
                template_step("send", &["write"]),
            ],
            unknown_fields: Vec::new(),
        }],
    };
    Configuration {
        problems: Vec::new(),
        rendered: vec![RenderedFile {
            path: "process-compose.yaml".into(),
            exists: true,
            first_difference: None,
        }],
        engine_files: [
            (
                "orchestration.toml".to_owned(),
                engine_file("orchestration", profile),
            ),
            ("worker.toml".to_owned(), engine_file("worker", profile)),
        ]
        .into(),
        template_roots: [
            ("templates".to_owned(), root.clone()),
            ("templates/rust".to_owned(), root),
        ]
        .into(),
        stray_dotenv: BTreeMap::new(),
        test_variables: BTreeMap::new(),
        accepted: Vec::new(),
    }
}

fn engine_file(role: &str, profile: &str) -> EngineFile {
    let mode = match profile {
        "polling" => "PollingOnly",
        _ => "Hybrid",
    };
    let address = "TASKER_WEB_BIND_ADDRESS";
    EngineFile {
        state: PathState::File,
        problem: None,
        tables: vec!["common".into(), role.into(), format!("{role}.web")],
        settings: [
            (
                "common.queues.orchestration_queues.step_results".to_owned(),
                json!("orchestration_step_results"),
            ),
            (
                "common.queues.orchestration_queues.task_requests".to_owned(),
                json!("orchestration_task_requests"),
            ),
            (
                "common.queues.orchestration_queues.task_finalizations".to_owned(),
                json!("orchestration_task_finalizations"),
            ),
            ("common.cache.enabled".to_owned(), json!(true)),
            ("common.cache.backend".to_owned(), json!("moka")),
            ("common.database.pool.max_connections".to_owned(), json!(30)),
            (
                format!("{role}.event_systems.{role}.deployment_mode"),
                json!(mode),
            ),
            (
                format!("{role}.web.bind_address"),
                json!(format!("${{{address}:-127.0.0.1:1}}")),
            ),
            (
                format!("{role}.web.database_pools.web_api_max_connections"),
                json!(15),
            ),
        ]
        .into(),
        placeholders: vec![Placeholder {
            name: address.into(),
            default: Some("127.0.0.1:1".into()),
            line: 9,
        }],
    }
}

pub fn tools() -> Vec<Tool> {
    let tool = |name: &str, version: &str, rule, found: &str| Tool {
        name: name.into(),
        version: version.into(),
        rule,
        command: Some(name.into()),
        source: "system".into(),
        found: Observed::Seen(found.into()),
    };
    vec![
        tool("postgresql", "18", Rule::Major, "18.6"),
        tool("process-compose", "1.85", Rule::Minimum, "1.122.0"),
    ]
}

fn template_step(name: &str, dependencies: &[&str]) -> TemplateStep {
    TemplateStep {
        name: name.into(),
        callable: format!("mail.{name}"),
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        max_attempts: Some(3),
        durable_events: Vec::new(),
    }
}
