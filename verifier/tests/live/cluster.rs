//! The running cluster: how to look at it, break it and put it right.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use cluster_verify::project::Project;
use cluster_verify::topology::{self, Topology};
use serde_json::Value;

/// The longest that anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

static TURN: Mutex<()> = Mutex::new(());

/// One test's turn at the cluster, which is healthy when the turn begins.
pub struct Cluster {
    pub project: Project,
    pub topology: Topology,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Waits for its turn and for a healthy cluster.
    pub fn take() -> Self {
        // A test that failed must not fail all others too.
        let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let project = Project::find(None).expect("the tests run inside the project");
        let selection = project.recorded_selection().unwrap();
        let topology = topology::load(&project.root, &selection).unwrap();
        let cluster = Self {
            project,
            topology,
            _turn: turn,
        };
        assert!(
            cluster.project.supervisor_socket().exists(),
            "no cluster runs; start one with `./dev up --wait`, then run these tests again"
        );
        cluster.wait_until_healthy();
        cluster
    }

    /// Runs the verifier and returns its report.
    pub fn check(&self, options: &[&str]) -> Verdict {
        let mut arguments = vec!["check", "-o", "json"];
        arguments.extend(options);
        let output = self.verify(&arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "no report: {error}\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        Verdict {
            status: output.status.code(),
            report,
        }
    }

    pub fn verify(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cluster-verify"))
            .args(arguments)
            .current_dir(&self.project.root)
            .output()
            .expect("the verifier runs")
    }

    pub fn wait_until_healthy(&self) {
        self.wait_for("a healthy cluster", || {
            self.verify(&["status"]).status.success()
        });
    }

    pub fn wait_for(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{what}: not within {PATIENCE:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks process-compose: `process stop worker-rust-2` and the like.
    pub fn supervise(&self, action: &str, process: &str) {
        let socket = self.project.supervisor_socket();
        let output = Command::new("process-compose")
            .args([
                "--unix-socket",
                &socket.display().to_string(),
                "process",
                action,
                process,
            ])
            .current_dir(&self.project.root)
            .output()
            .expect("process-compose is on PATH");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The pid of an instance, by its pid file.
    pub fn pid(&self, instance: &str) -> u32 {
        let path = self
            .project
            .state
            .join("pids")
            .join(format!("{instance}.pid"));
        std::fs::read_to_string(path)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
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

    /// Starts an instance outside the supervisor, as somebody would by hand, with other variables, and waits until it is
    /// ready.
    pub fn launch(&self, instance: &str, changes: &[(&str, &str)]) -> ByHand {
        let (service, rendered) = self.topology.instance(instance).unwrap();
        let mut environment: BTreeMap<&str, &str> = rendered
            .environment
            .iter()
            .map(|variable| (variable.name.as_str(), variable.setting.value.as_str()))
            .collect();
        environment.extend(changes.iter().copied());
        let log = self
            .project
            .state
            .join("logs")
            .join(format!("{instance}.by-hand.log"));
        let log = std::fs::File::create(log).unwrap();
        // The binaries of this cluster, whichever is first on the path of who runs the tests.
        let mut path = self.project.state.join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let child = Command::new(self.project.root.join("services/launch"))
            .arg(instance)
            .args(&service.command)
            .env("PATH", path)
            .envs(environment)
            .env(
                "TASKER_POSTGRES_PORT",
                self.topology.database.port.to_string(),
            )
            .env("TASKER_CLUSTER_STATE", &self.project.state)
            .current_dir(&self.project.root)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let by_hand = ByHand(child);
        let record = self.project.state.join("run").join(instance);
        let record = record.join("identity.json");
        let pid = format!("\"pid\":{},", by_hand.pid());
        self.wait_for("the identity of what was started by hand", || {
            std::fs::read_to_string(&record).is_ok_and(|text| text.contains(&pid))
        });
        by_hand
    }

    pub fn state(&self) -> PathBuf {
        self.project.state.clone()
    }
}

/// An instance started by hand, which ends with the test.
pub struct ByHand(Child);

impl ByHand {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Puts the cluster right when a test ends, also when it failed.
pub struct Repair<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for Repair<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A report and the exit status it came with.
pub struct Verdict {
    pub status: Option<i32>,
    pub report: Value,
}

impl Verdict {
    /// Codes of the checks that found an error which counts, in order.
    pub fn failed(&self) -> Vec<&str> {
        self.checks()
            .filter(|check| check["severity"] == "error" && !open_findings(check).is_empty())
            .filter_map(|check| check["code"].as_str())
            .collect()
    }

    /// Findings of a code that are not known, whole.
    pub fn findings(&self, code: &str) -> Vec<&Value> {
        self.checks()
            .filter(|check| check["code"] == code)
            .flat_map(open_findings)
            .collect()
    }

    /// Findings of a code, known ones too.
    pub fn all_findings(&self, code: &str) -> Vec<&Value> {
        self.checks()
            .filter(|check| check["code"] == code)
            .flat_map(all_findings)
            .collect()
    }

    pub fn checks(&self) -> impl Iterator<Item = &Value> {
        self.report["checks"].as_array().into_iter().flatten()
    }
}

fn open_findings(check: &Value) -> Vec<&Value> {
    let mut findings = all_findings(check);
    findings.retain(|finding| finding["known"].is_null());
    findings
}

fn all_findings(check: &Value) -> Vec<&Value> {
    let findings = check["outcome"]["findings"].as_array();
    findings.into_iter().flatten().collect()
}
