//! The running cluster: how to look at it and how to get at its parts.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cluster_verify::project::Project;
use cluster_verify::topology::{self, Topology};
use nix::fcntl::{Flock, FlockArg};
use serde_json::Value;

use crate::deadline;
pub use crate::told::Verdict;

/// The longest that anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// A full check of a broken cluster waits for every worker's round of its queues, and for canaries that stand still.
const DEADLINE: Duration = Duration::from_secs(240);
/// What the faults are made for: two of a kind, on the engine as it ships.
const KIND: (&str, &str) = ("cluster", "stock");

/// One test's turn at the cluster, which is healthy when the turn begins.
pub struct Cluster {
    pub project: Project,
    pub topology: Topology,
    _turn: Flock<std::fs::File>,
}

impl Cluster {
    /// Waits for its turn and for a healthy cluster.
    ///
    /// The turn is the suite's (`tests/common/turn.rs`): a suite that runs beside these tests would fail by what they
    /// break.
    pub fn take() -> Self {
        let project = Project::find(None).expect("the tests run inside the project");
        assert!(
            project.supervisor_socket().exists(),
            "no cluster runs; start one with `./dev up --wait`, then run these tests again"
        );
        let turn = OpenOptions::new()
            .create(true)
            .append(true)
            .open(project.state.join("tests.lock"))
            .unwrap();
        let turn = Flock::lock(turn, FlockArg::LockExclusive).map_err(|(_, error)| error);
        let selection = project.recorded_selection().unwrap();
        let topology = topology::load(&project.root, &selection).unwrap();
        let kind = topology.kind();
        assert_eq!(
            (kind.as_str(), topology.profile.as_str()),
            KIND,
            "these tests need mode cluster with profile stock: `./dev down`, then `./dev up --wait`"
        );
        let cluster = Self {
            project,
            topology,
            _turn: turn.unwrap(),
        };
        cluster.wait_until_healthy();
        cluster
    }

    /// Runs the verifier and returns its report.
    pub fn check(&self, options: &[&str]) -> Verdict {
        let mut arguments = vec!["check", "-o", "json"];
        arguments.extend(options);
        self.verdict(&arguments, |report| report)
    }

    /// Runs a command of the verifier that prints JSON; `of` finds the report in it.
    pub fn verdict(&self, arguments: &[&str], of: impl FnOnce(Value) -> Value) -> Verdict {
        let output = self.verify(arguments);
        let printed = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "no report: {error}\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        Verdict {
            status: output.status.code(),
            report: of(printed),
        }
    }

    pub fn verify(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-verify"));
        command
            .args(arguments)
            // Also for a copy of the project: it describes this cluster.
            .env("TASKER_CLUSTER_STATE", &self.project.state)
            // With it, a copy would take that for what another checkout's shell left behind.
            .env_remove("TASKER_CLUSTER_ROOT")
            .current_dir(&self.project.root);
        deadline::output(&mut command, DEADLINE)
    }

    pub fn wait_until_healthy(&self) {
        let mut said = Vec::new();
        let healthy = comes_true(|| {
            let status = self.verify(&["status"]);
            said = status.stdout;
            status.status.success()
        });
        let said = String::from_utf8_lossy(&said);
        assert!(healthy, "not healthy within {PATIENCE:?}:\n{said}");
    }

    pub fn wait_for(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(comes_true(condition), "{what}: not within {PATIENCE:?}");
    }

    /// So that polls come to steps that were sent while their workers were away: behind enough of these they never do.
    pub fn archive_dead_messages(&self) {
        let archived = self.verify(&["prune", "--dead-messages"]);
        assert!(archived.status.success(), "{archived:?}");
    }

    /// Asks process-compose: `process stop worker-rust-2` and the like.
    pub fn supervise(&self, action: &str, process: &str) {
        let socket = self.project.supervisor_socket().display().to_string();
        let mut command = Command::new("process-compose");
        command
            .args(["--unix-socket", &socket, "process", action, process])
            .current_dir(&self.project.root);
        let output = deadline::output(&mut command, PATIENCE);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The pid of an instance, by its pid file.
    pub fn pid(&self, instance: &str) -> u32 {
        let file = self.pid_file(instance);
        let text = std::fs::read_to_string(file).unwrap();
        text.trim().parse().unwrap()
    }

    pub fn pid_file(&self, instance: &str) -> PathBuf {
        let pids = self.project.state.join("pids");
        pids.join(format!("{instance}.pid"))
    }

    /// Where an instance says who it is, once it is ready.
    pub fn record(&self, instance: &str) -> PathBuf {
        let run = self.project.state.join("run");
        run.join(instance).join("identity.json")
    }

    pub fn signal(&self, signal: &str, pid: u32) {
        let status = Command::new("kill")
            .args([signal, &pid.to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "kill {signal} {pid}");
    }

    pub fn is_alive(&self, pid: u32) -> bool {
        Command::new("kill")
            .args(["-0", &pid.to_string()])
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    pub fn state(&self) -> PathBuf {
        self.project.state.clone()
    }
}

/// Whether it does while there is patience.
fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !condition() {
        if begun.elapsed() >= PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    true
}

/// Who started a process.
pub fn parent_of(pid: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    parent.unwrap().trim().parse().unwrap()
}
