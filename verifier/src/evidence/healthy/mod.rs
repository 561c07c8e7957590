//! Evidence of a small healthy cluster, from which tests seed their faults.
//!
//! Two orchestration servers and two Rust workers that serve the namespace `mail`.

mod canaries;
mod database;
mod files;
mod history;
mod instances;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::canaries::canaries;
use self::database::{database, subscriptions};
use self::files::{configuration, tools};
use self::history::witness;
pub use self::history::{chain, moment, open_task, task_history};
use self::instances::{endpoints, identity, process};
use super::{
    Evidence, HistoryView, Listener, LogView, Observed, Supervised, Supervisor, SystemView,
};
use crate::topology::{Assignment, ClusterFile, Selection, parse_dotenv, resolve};

const CLUSTER: &str = r#"
version = 1
[engine]
version = "0.1.8"
migrations = [1, 2]
[database]
port = 15432
name = "tasker"
split = { tasks = "tasker_tasks", queues = "tasker_queues" }
role = "tasker"
max_connections = 300
major = 18
pgmq = "1.8"
[pools]
orchestration = { main = 30, queues = 10, web = 15 }
worker = { main = 30, queues = 10 }
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
        let configuration = configuration(&topology.profile);
        let mut evidence = Self::blank(Observed::Seen(topology.clone()), configuration);
        evidence.taken_at = now();
        let mut system = SystemView::default();
        let mut supervisor = Supervisor {
            started_at: Some(now() - TimeDelta::seconds(70)),
            processes: BTreeMap::new(),
        };
        for (index, (service, instance)) in topology.instances().enumerate() {
            let pid = 100 + u32::try_from(index).unwrap();
            let id = &instance.id;
            let mut process = process(pid, service, instance);
            if let (Some(queues), Some(environment)) =
                (&topology.database.queues, &mut process.environment)
            {
                let url = format!("postgresql://tasker@127.0.0.1:15432/{queues}");
                environment.insert("PGMQ_DATABASE_URL".into(), url);
            }
            system.processes.push(process);
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
