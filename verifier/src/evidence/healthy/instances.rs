//! Each instance: its process, its identity record and what it answers.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{now, uuid, worker_uuid};
use crate::evidence::{Answer, Identity, InstanceEndpoints, Metrics, Observed, OsProcess};
use crate::topology::Role;

pub fn process(
    pid: u32,
    service: &crate::topology::Service,
    instance: &crate::topology::Instance,
) -> OsProcess {
    OsProcess {
        pid,
        parent: Some(50),
        name: service.name.clone(),
        executable: Some(format!("/bin/{}", service.name)),
        command: service.command.clone(),
        working_folder: Some(format!(".cluster/run/{}", instance.id)),
        state: "Sleep".into(),
        started_at: Some(now() - TimeDelta::seconds(60)),
        memory: 50 << 20,
        descriptors: Some((40, 1024)),
        of_another_cluster: false,
        environment: Some(
            instance
                .environment
                .iter()
                .map(|variable| (variable.name.clone(), variable.setting.value.clone()))
                .collect(),
        ),
    }
}

pub fn identity(
    pid: u32,
    service: &crate::topology::Service,
    instance: &crate::topology::Instance,
) -> Identity {
    let worker = service.role == crate::topology::Role::Worker;
    Identity {
        instance: instance.id.clone(),
        service: service.name.clone(),
        pid,
        version: "0.1.0".into(),
        engine_version: "0.1.8".into(),
        language: service.language.clone(),
        executable: Some(format!("/bin/{}", service.name)),
        started_at: now() - TimeDelta::seconds(59),
        port: instance.port,
        processor_uuid: Some(uuid(0xB000 + u128::from(pid)).to_string()),
        worker_uuid: worker.then(|| worker_uuid(&instance.id).to_string()),
        rest_id: worker.then(|| format!("worker-{pid}")),
        namespaces: if worker {
            vec!["mail".into()]
        } else {
            Vec::new()
        },
        handlers: if worker {
            vec!["mail.write".into(), "mail.send".into()]
        } else {
            Vec::new()
        },
    }
}

pub fn endpoints(role: Role) -> InstanceEndpoints {
    let answer = |body: Value| {
        Observed::Seen(Answer {
            status: 200,
            at: now(),
            milliseconds: 2,
            body,
        })
    };
    let status = || answer(json!({"status": "healthy", "timestamp": now().to_rfc3339()}));
    let templates = match role {
        Role::Orchestration => json!({"templates": [
            {"namespace": "mail", "name": "letter", "version": "1.0.0", "step_count": 2},
        ]}),
        Role::Worker => json!({"supported_namespaces": ["mail"], "template_count": 0}),
    };
    let pool = json!({"active_connections": 3, "max_connections": 30, "utilization_percent": 10.0});
    let about = json!({
        "version": "0.1.8",
        "pool_utilization": {"tasker_pool": pool},
    });
    let detailed = json!({
        "status": "healthy",
        "timestamp": now().to_rfc3339(),
        "checks": {
            "command_processor": {"status": "healthy", "message": "responsive"},
            "circuit_breakers": {"status": "healthy", "message": "none"},
            "queue_depth": {"status": "unknown", "message": "not yet evaluated"},
        },
        if role == Role::Worker { "system_info" } else { "info" }: about,
    });
    InstanceEndpoints {
        health: status(),
        ready: status(),
        detailed: answer(detailed),
        templates: answer(templates),
        metrics: Observed::Seen(Metrics {
            status: 200,
            samples: 3,
            problem: None,
        }),
    }
}
