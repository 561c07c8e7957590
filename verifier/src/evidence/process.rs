//! What the operating system, the supervisor and the instances say about processes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SystemView {
    /// Processes that carry an instance id, hold a port of the cluster, or stand in a pid file.
    pub processes: Vec<OsProcess>,
    /// Who listens on the cluster's ports.
    pub listeners: Vec<Listener>,
    /// What the pid files say, by instance.
    pub pid_files: BTreeMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OsProcess {
    pub pid: u32,
    pub parent: Option<u32>,
    pub name: String,
    pub executable: Option<String>,
    pub command: Vec<String>,
    pub working_folder: Option<String>,
    /// As the system words it: `Run`, `Sleep`, `Stop`, `Zombie`, …
    pub state: String,
    pub started_at: Option<DateTime<Utc>>,
    /// Bytes of resident memory.
    pub memory: u64,
    /// Open descriptors, and how many it may have; where the system tells.
    pub descriptors: Option<(u64, u64)>,
    /// Its working folder is in another cluster's state folder, such as another checkout's.
    pub of_another_cluster: bool,
    /// None when the system does not let us read it.
    pub environment: Option<BTreeMap<String, String>>,
}

impl OsProcess {
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.as_ref()?.get(name).map(String::as_str)
    }

    pub fn instance(&self) -> Option<&str> {
        self.variable("TASKER_INSTANCE_ID")
    }

    /// Held by a signal or a debugger: alive, and serving nobody.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state.as_str(), "Stop" | "Tracing")
    }

    /// False for one that ended and was not yet reaped.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state.as_str(), "Zombie" | "Dead")
    }

    /// Whether its environment says nothing, be it hidden or given up at its end.
    fn is_silent(&self) -> bool {
        self.environment.as_ref().is_none_or(BTreeMap::is_empty)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub port: u16,
    pub address: String,
    pub pid: u32,
    pub process: String,
}

impl SystemView {
    pub fn process(&self, pid: u32) -> Option<&OsProcess> {
        self.processes.iter().find(|process| process.pid == pid)
    }

    pub fn listener(&self, port: u16) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.port == port)
    }

    /// The processes that say of themselves that they are the instance: one, if all is well.
    ///
    /// What an instance starts inherits its environment and is not meant.
    pub fn carriers(&self, id: &str) -> Vec<&OsProcess> {
        let carries = |process: &OsProcess| {
            process.instance() == Some(id) && process.is_alive() && !process.of_another_cluster
        };
        let parent = |process: &OsProcess| process.parent.and_then(|pid| self.process(pid));
        self.processes
            .iter()
            .filter(|process| carries(process) && !parent(process).is_some_and(carries))
            .collect()
    }

    /// The process that serves the instance: by what it says of itself, else by its pid file.
    ///
    /// Of several the one in the pid file. A pid file is not believed against
    /// what the process says, since the system uses pids again.
    pub fn of_instance(&self, id: &str) -> Option<&OsProcess> {
        let recorded = self.pid_files.get(id).and_then(|pid| self.process(*pid));
        let carriers = self.carriers(id);
        carriers
            .iter()
            .find(|process| recorded.is_some_and(|recorded| recorded.pid == process.pid))
            .or(carriers.first())
            .copied()
            .or(recorded.filter(|process| process.is_silent()))
    }

    /// Whether a process serves the instance: it lives, and nobody holds it.
    pub fn runs(&self, id: &str) -> bool {
        self.of_instance(id)
            .is_some_and(|process| process.is_alive() && !process.is_stopped())
    }
}

/// process-compose's own account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Supervisor {
    pub started_at: Option<DateTime<Utc>>,
    pub processes: BTreeMap<String, Supervised>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervised {
    /// `Running`, `Completed`, `Restarting`, …
    pub status: String,
    pub ready: bool,
    /// 0 when it does not run.
    pub pid: u32,
    pub restarts: u32,
    pub exit_code: i32,
}

impl Supervised {
    /// Whether the supervisor has, or is about to have, a process of its own; not so after a stop.
    pub fn is_kept_up(&self) -> bool {
        ["Running", "Launching", "Launched", "Restarting"].contains(&self.status.as_str())
    }
}

/// One line that a service writes once it is ready: the only place that joins
/// the instance's name to the engine's own ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    pub instance: String,
    pub service: String,
    pub pid: u32,
    pub version: String,
    pub engine_version: String,
    pub language: Option<String>,
    pub executable: Option<String>,
    pub started_at: DateTime<Utc>,
    pub port: u16,
    pub processor_uuid: Option<String>,
    /// As in `workflow_step_result_audit.worker_uuid`; none for orchestration servers.
    pub worker_uuid: Option<String>,
    pub rest_id: Option<String>,
    #[serde(default)]
    pub namespaces: Vec<String>,
    #[serde(default)]
    pub handlers: Vec<String>,
}
