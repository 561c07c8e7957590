//! Evidence of a small healthy cluster, from which tests seed their faults.
//!
//! Two orchestration servers and two Rust workers that serve the namespace `mail`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::history::{
    Audit, Edge, Line, Moment, Runs, StepHistory, StepState, TaskHistory, TaskState, Transition,
};
use crate::topology::{Assignment, ClusterFile, Role, Selection, parse_dotenv, resolve};

const CLUSTER: &str = r#"
version = 1
[engine]
version = "0.1.8"
migrations = [1, 2]
[database]
port = 15432
name = "tasker"
role = "tasker"
max_connections = 300
major = 18
pgmq = "1.8"
[environment]
base = "base.env"
test = "test.env"
cluster = "cluster.env"
[modes]
default = "minimal"
[profiles]
default = "stock"
[[service]]
name = "orchestration"
role = "orchestration"
command = ["orchestration"]
environment = "orchestration.env"
port = 8080
grpc_port = 9190
single_port = 8080
instances = { cluster = 2, minimal = 2, single = 1 }
ready_timeout_seconds = 60
stop_timeout_seconds = 10
[[service]]
name = "worker-rust"
role = "worker"
language = "rust"
command = ["worker-rust"]
environment = "worker-rust.env"
templates = "templates/rust"
port = 8100
grpc_port = 9290
single_port = 8081
instances = { cluster = 2, minimal = 2, single = 1 }
ready_timeout_seconds = 60
stop_timeout_seconds = 10
"#;

fn layers() -> BTreeMap<String, Vec<Assignment>> {
    [
        ("base.env", "TASKER_ENV=test\n"),
        ("test.env", "TASKER_MESSAGING_BACKEND=pgmq\n"),
        ("cluster.env", "TASKER_MULTI_INSTANCE_MODE=true\n"),
        (
            "orchestration.env",
            "TASKER_CONFIG_PATH=orchestration.toml\nTASKER_TEMPLATE_PATH=templates\n",
        ),
        (
            "worker-rust.env",
            "TASKER_CONFIG_PATH=worker.toml\nTASKER_TEMPLATE_PATH=templates/rust\n",
        ),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), parse_dotenv(path, text).unwrap()))
    .collect()
}

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// The engine's id of an instance, in every record that names one.
pub fn worker_uuid(id: &str) -> Uuid {
    uuid(0xA000 + id.bytes().map(u128::from).sum::<u128>())
}

impl Evidence {
    /// Nothing is wrong with this cluster.
    pub fn healthy() -> Self {
        Self::of_topology(&Selection::default())
    }

    /// The same under another selection, such as other counts.
    pub fn of_topology(selection: &Selection) -> Self {
        let file: ClusterFile = toml::from_str(CLUSTER).unwrap();
        let topology = resolve(&file, &layers(), selection).unwrap();
        let mut evidence = Self::blank(Observed::Seen(topology.clone()), configuration());
        evidence.taken_at = now();
        let mut system = SystemView::default();
        let mut supervisor = Supervisor {
            pid: Some(50),
            started_at: Some(now() - TimeDelta::seconds(70)),
            processes: BTreeMap::new(),
        };
        for (index, (service, instance)) in topology.instances().enumerate() {
            let pid = 100 + u32::try_from(index).unwrap();
            let id = &instance.id;
            system.processes.push(process(pid, service, instance));
            system.listeners.push(Listener {
                port: instance.port,
                address: "127.0.0.1".into(),
                pid,
                process: service.name.clone(),
            });
            system.pid_files.insert(id.clone(), pid);
            supervisor.processes.insert(
                id.clone(),
                Supervised {
                    status: "Running".into(),
                    ready: true,
                    pid,
                    restarts: 0,
                    exit_code: 0,
                },
            );
            evidence
                .identities
                .insert(id.clone(), Observed::Seen(identity(pid, service, instance)));
            evidence
                .endpoints
                .insert(id.clone(), endpoints(service.role));
            let log = LogView {
                path: format!(".cluster/logs/{id}.log"),
                bytes: 1000,
                alarms: Vec::new(),
            };
            evidence.logs.insert(id.clone(), Observed::Seen(log));
        }
        evidence.tools = Observed::Seen(tools());
        evidence.system = Observed::Seen(system);
        evidence.supervisor = Observed::Seen(supervisor);
        evidence.database = Observed::Seen(database(&topology));
        evidence.subscriptions = Observed::Seen(subscriptions(&topology));
        evidence.witness = Observed::Seen(witness());
        evidence.canaries = Observed::Seen(canaries(&topology));
        evidence.history = Observed::Seen(HistoryView {
            tasks: 2,
            steps: 4,
            transitions: 40,
            ..HistoryView::default()
        });
        evidence
    }
}

fn configuration() -> Configuration {
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
                engine_file("orchestration"),
            ),
            ("worker.toml".to_owned(), engine_file("worker")),
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

fn engine_file(role: &str) -> EngineFile {
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
                json!("Hybrid"),
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

fn tools() -> Vec<Tool> {
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

fn process(
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

fn identity(
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

fn endpoints(role: Role) -> InstanceEndpoints {
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

fn database(topology: &Topology) -> DatabaseView {
    let session = |(index, id): (usize, &str)| Session {
        pid: 1000 + i32::try_from(index).unwrap(),
        application: id.to_owned(),
        state: Some("idle".into()),
        state_seconds: Some(1),
        waiting_for_lock: false,
    };
    let queue = |name: &str| Queue {
        name: name.to_owned(),
        messages: 0,
        visible: 0,
        oldest_visible_seconds: None,
        oldest_unread_seconds: None,
        max_read_count: 0,
    };
    DatabaseView {
        clock_ahead_ms: 0,
        clock_error_ms: 1,
        version_num: 180_006,
        max_connections: 300,
        pgmq: Some("1.11.1".into()),
        migrations: [1, 2]
            .map(|version| Migration {
                version,
                description: "m".into(),
                success: true,
            })
            .into(),
        sessions: topology
            .instances()
            .map(|(_, instance)| instance.id.as_str())
            .enumerate()
            .map(session)
            .collect(),
        queues: [
            "worker_mail_queue",
            "mail_domain_events",
            "mail_domain_events_dlq",
            "orchestration_task_requests",
            "orchestration_step_results",
            "orchestration_task_finalizations",
        ]
        .map(queue)
        .into(),
        role: "tasker".into(),
        schemas: vec!["tasker".into(), "public".into()],
        deadlocks: 0,
        counted_since: Some(now() - TimeDelta::seconds(70)),
        notify_usage: 0.0,
        zombies: Observed::Seen(Vec::new()),
        dead_tasks: Observed::Seen(Vec::new()),
    }
}

fn workers(topology: &Topology) -> impl Iterator<Item = String> + '_ {
    topology
        .with_role(crate::topology::Role::Worker)
        .map(|(_, instance)| instance.id.clone())
}

fn subscriptions(topology: &Topology) -> Subscriptions {
    Subscriptions {
        window_ms: 6000,
        cycle_ms: 5000,
        polls: workers(topology)
            .map(|instance| Poll {
                instance,
                namespace: "mail".into(),
                first_seen: now(),
            })
            .collect(),
        listens: topology
            .instances()
            .map(|(service, instance)| Listen {
                instance: instance.id.clone(),
                channel: match service.role {
                    Role::Orchestration => "pgmq_message_ready.orchestration".into(),
                    Role::Worker => "pgmq_message_ready.mail".into(),
                },
            })
            .collect(),
        work: workers(topology)
            .map(|instance| WorkDone {
                instance,
                namespace: "mail".into(),
                steps: 2,
            })
            .collect(),
    }
}

fn witness() -> WitnessView {
    let task = task_history();
    let mut runs = Runs::default();
    for (index, step) in task.steps.iter().enumerate() {
        let begins = 50 * i64::try_from(index).unwrap() + 22;
        for (started, after) in [(true, 0), (false, 5)] {
            runs.add(&Line {
                started,
                run: uuid(0xC000 + index as u128),
                task: task.task,
                step: step.step,
                step_name: &step.name,
                namespace: &task.namespace,
                attempt: 1,
                instance: "worker-rust-1",
                pid: 102,
                at: moment(begins + after),
                ok: (!started).then_some(true),
            });
        }
    }
    let mut view = WitnessView::of(&runs);
    view.audits = Observed::Seen(BTreeMap::new());
    view
}

/// Milliseconds after the healthy task began, by both clocks.
pub fn moment(milliseconds: i64) -> Moment {
    Moment {
        wall: now() + TimeDelta::milliseconds(milliseconds),
        mono_ns: 1_000_000 * u64::try_from(1000 + milliseconds).unwrap(),
    }
}

fn canaries(topology: &Topology) -> Canaries {
    let servers: Vec<String> = topology
        .with_role(crate::topology::Role::Orchestration)
        .map(|(_, instance)| instance.id.clone())
        .collect();
    let tasks = servers
        .iter()
        .enumerate()
        .map(|(index, via)| {
            let readings = |state: &str| {
                servers
                    .iter()
                    .map(|via| Reading {
                        via: via.clone(),
                        status: 200,
                        state: Some(state.into()),
                        steps: vec![
                            ("send".into(), state.into()),
                            ("write".into(), state.into()),
                        ],
                    })
                    .collect::<Vec<_>>()
            };
            let worker = |name: &str| worker_uuid(name).to_string();
            let step = |number: u128, name: &str| CanaryStep {
                step_uuid: uuid(0x500 + number).to_string(),
                name: name.into(),
                state: "complete".into(),
                attempts: 1,
                workers: vec![worker(if number.is_multiple_of(2) {
                    "worker-rust-1"
                } else {
                    "worker-rust-2"
                })],
                message_waiting: false,
                result: Some(json!({"success": true, "result": {"result": true}})),
            };
            let number = u128::try_from(index).unwrap() * 2;
            Canary {
                via: via.clone(),
                namespace: "mail".into(),
                template: "letter".into(),
                correlation_id: uuid(0xD000 + number).to_string(),
                expected: [("send".to_owned(), json!(true))].into(),
                in_database: Some(true),
                database_state: Some("complete".into()),
                tasks_of_correlation: Some(1),
                events: Some(BTreeMap::new()),
                on_the_way: readings("steps_in_process"),
                creator: Some(uuid(0xB000 + 100 + index as u128).to_string()),
                create: CreateOutcome::Created {
                    task_uuid: uuid(0xE000 + number).to_string(),
                },
                create_ms: 20,
                first_readings: readings("pending"),
                last_readings: readings("complete"),
                finished_ms: Some(300),
                waited_ms: 300,
                steps: vec![step(number, "write"), step(number + 1, "send")],
            }
        })
        .collect();
    let answer = |status: u16| match status {
        200 => CreateOutcome::Created {
            task_uuid: uuid(0xF000).to_string(),
        },
        _ => CreateOutcome::Refused {
            status,
            message: "CONFLICT".into(),
        },
    };
    let cancelled = servers.iter().map(|via| Reading {
        via: via.clone(),
        status: 200,
        state: Some("cancelled".into()),
        steps: vec![("sleep".into(), "cancelled".into())],
    });
    Canaries {
        tasks,
        twins: Some(Twins {
            namespace: "mail".into(),
            template: "letter".into(),
            correlation_id: uuid(0xF001).to_string(),
            answers: servers
                .iter()
                .enumerate()
                .map(|(index, via)| (via.clone(), answer(if index == 0 { 200 } else { 409 })))
                .collect(),
            tasks: 1,
        }),
        cancellation: Some(Cancellation {
            created_via: servers[0].clone(),
            via: servers[servers.len() - 1].clone(),
            task: uuid(0xF002).to_string(),
            status: 200,
            readings: cancelled.collect(),
        }),
    }
}

/// A task of two steps, one after the other, that went well.
pub fn task_history() -> TaskHistory {
    use StepState as S;
    use TaskState as T;
    let task_path = [
        T::Pending,
        T::Initializing,
        T::EnqueuingSteps,
        T::StepsInProcess,
        T::EvaluatingResults,
        T::EnqueuingSteps,
        T::StepsInProcess,
        T::EvaluatingResults,
        T::Complete,
    ];
    let step_path = [
        S::Pending,
        S::Enqueued,
        S::InProgress,
        S::EnqueuedForOrchestration,
        S::Complete,
    ];
    let step = |number: u128, name: &str, begins: i64| StepHistory {
        step: uuid(number),
        name: name.into(),
        attempts: 1,
        max_attempts: 3,
        in_process: false,
        processed: true,
        has_result: true,
        transitions: chain(&step_path, begins),
        audits: vec![Audit {
            worker: Some(worker_uuid("worker-rust-1")),
            success: true,
            at: now() + TimeDelta::milliseconds(begins + 35),
        }],
    };
    TaskHistory {
        task: uuid(1),
        namespace: "mail".into(),
        template: "letter".into(),
        correlation: uuid(2),
        created_at: now(),
        complete: true,
        transitions: chain(&task_path, 0),
        steps: vec![step(3, "write", 0), step(4, "send", 50)],
        edges: vec![Edge {
            parent: uuid(3),
            child: uuid(4),
        }],
    }
}

/// A task whose first step is in this state since then.
pub fn open_task(state: StepState, since: DateTime<Utc>) -> OpenTask {
    let task = task_history();
    OpenTask {
        task: task.task,
        namespace: task.namespace,
        template: task.template,
        state: Some(TaskState::StepsInProcess),
        since,
        waits_for_retry: false,
        in_flight: vec![OpenStep {
            step: task.steps[0].step,
            name: task.steps[0].name.clone(),
            state,
            since,
            message: Some(true),
        }],
    }
}

/// Transitions along a path of states, ten milliseconds apart.
pub fn chain<S: Copy>(path: &[S], begins: i64) -> Vec<Transition<S>> {
    path.iter()
        .enumerate()
        .map(|(index, &to)| Transition {
            from: index.checked_sub(1).map(|before| path[before]),
            to,
            sort_key: i32::try_from(index).unwrap() + 1,
            most_recent: index + 1 == path.len(),
            processor: Some(uuid(0xB100)),
            at: now() + TimeDelta::milliseconds(begins + 10 * i64::try_from(index).unwrap()),
            privileged: false,
        })
        .collect()
}
