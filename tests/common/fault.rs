//! Breaking the cluster on purpose, and putting it right again.
//!
//! Only a test that is [alone](crate::turn::Alone) can, and every fault is written into
//! `faults.jsonl` of the state folder, so that the verifier can tell what it caused.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use chrono::Utc;
use cluster_verify::evidence::InjectedFault;
use cluster_verify::topology::Role;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::turn::Alone;
use crate::{Environment, health, instance_process, interrupted};

const UNTIL_WELL: Duration = Duration::from_secs(60);
const PROBE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(200);

/// Puts the cluster right when the test ends, also when it failed or a signal ends it.
#[derive(Debug)]
#[must_use = "the cluster is put right when it is dropped"]
pub struct Repair<'a> {
    turn: &'a Alone,
}

impl Drop for Repair<'_> {
    #[expect(clippy::print_stderr, reason = "nobody takes an error from a drop")]
    fn drop(&mut self) {
        let mended = self.turn.mend();
        interrupted::is_mended();
        match mended {
            Ok(()) => {}
            // A second panic would end the process before the first one is told.
            Err(error) if std::thread::panicking() => {
                eprintln!("the cluster could not be put right: {error:#}");
            }
            Err(error) => panic!("the cluster could not be put right: {error:#}"),
        }
    }
}

impl Alone {
    /// Take it before the first fault.
    ///
    /// # Errors
    /// Signals cannot be waited for.
    pub fn repair(&self) -> Result<Repair<'_>> {
        interrupted::watch(set_going)?;
        Ok(Repair { turn: self })
    }

    /// Ends an instance as a crash would, and returns the pid that it had; the supervisor starts it again.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&self, instance: &str) -> Result<u32> {
        let killed = send(instance, Signal::SIGKILL)?;
        self.note("kill", instance)?;
        Ok(killed)
    }

    /// Whether the supervisor has an instance that was [killed](Self::kill) going again.
    ///
    /// # Errors
    /// It has not.
    pub fn is_back(&self, instance: &str, killed: u32) -> Result<()> {
        let environment = Environment::get();
        let pid = instance_process::pid(&environment.project.state, instance)?;
        let known = environment.topology.instance(instance);
        let (service, instance) = known.with_context(|| format!("there is no {instance}"))?;
        ensure!(
            pid != killed && is_well(service.role, &instance.id, instance.port),
            "{} was killed as pid {killed} and is not well again as pid {pid}",
            instance.id
        );
        Ok(())
    }

    /// Halts an instance where it is.
    ///
    /// # Errors
    /// It does not run.
    pub fn freeze(&self, instance: &str) -> Result<()> {
        send(instance, Signal::SIGSTOP).map(drop)
    }

    /// Lets a halted instance go on.
    ///
    /// # Errors
    /// It does not run.
    pub fn thaw(&self, instance: &str) -> Result<()> {
        send(instance, Signal::SIGCONT).map(drop)
    }

    /// Asks the supervisor to `start`, `stop` or `restart` a process in order.
    ///
    /// # Errors
    /// It refused.
    pub fn supervise(&self, action: &str, process: &str) -> Result<()> {
        supervise(action, process)
    }

    /// Restarts every server and worker in order, since they do not recover by themselves from what was done.
    ///
    /// # Errors
    /// The supervisor refused, or they do not get ready.
    pub fn restart_instances(&self) -> Result<()> {
        for (_, instance) in Environment::get().topology.instances() {
            self.supervise("restart", &instance.id)?;
        }
        self.mend()
    }

    /// Writes down what was broken, by instance, task or step.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note(&self, kind: &str, target: &str) -> Result<()> {
        let path = Environment::get().project.state.join("faults.jsonl");
        let fault = InjectedFault {
            kind: kind.to_owned(),
            target: target.to_owned(),
            at: Utc::now(),
            until: None,
        };
        let mut line = serde_json::to_string(&fault)?;
        line.push('\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(line.as_bytes())
            .with_context(|| format!("write {}", path.display()))
    }

    /// Starts what was stopped, wakes what was halted, and waits until every instance is ready.
    ///
    /// # Errors
    /// The instances that are not ready in time.
    pub fn mend(&self) -> Result<()> {
        let environment = Environment::get();
        let begun = Instant::now();
        set_going();
        loop {
            let waiting: Vec<&str> = environment
                .topology
                .instances()
                .filter(|(service, instance)| !is_well(service.role, &instance.id, instance.port))
                .map(|(_, instance)| instance.id.as_str())
                .collect();
            if waiting.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > UNTIL_WELL {
                bail!(
                    "not well again within {UNTIL_WELL:?}: {}: ./dev status",
                    waiting.join(", ")
                );
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Starts what was stopped and wakes what was halted; on an instance that is well neither finds anything to do.
fn set_going() {
    for (_, instance) in Environment::get().topology.instances() {
        if send(&instance.id, Signal::SIGCONT).is_err() {
            // The wait for all to be well tells why one is not.
            let _ = supervise("start", &instance.id);
        }
    }
}

fn supervise(action: &str, process: &str) -> Result<()> {
    let environment = Environment::get();
    let output = Command::new("process-compose")
        .arg("--unix-socket")
        .arg(environment.project.supervisor_socket())
        .args(["process", action, process])
        .current_dir(&environment.project.root)
        .stdin(Stdio::null())
        .output()
        .context("run process-compose: ./dev shell has it on PATH")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "process-compose process {action} {process}: {}",
            said.trim()
        );
    }
    Ok(())
}

/// Sends a signal to an instance that runs, and returns its pid.
fn send(instance: &str, signal: Signal) -> Result<u32> {
    let pid = instance_process::pid(&Environment::get().project.state, instance)?;
    kill(Pid::from_raw(pid.cast_signed()), signal)
        .with_context(|| format!("{signal} to {instance}, pid {pid}"))?;
    Ok(pid)
}

/// Alive, with the identity record of its present process, and ready by its own word.
fn is_well(role: Role, instance: &str, port: u16) -> bool {
    let state = &Environment::get().project.state;
    let record = state.join("run").join(instance).join("identity.json");
    let url = format!("http://localhost:{port}");
    instance_process::pid(state, instance).is_ok()
        && record.exists()
        && match role {
            Role::Orchestration => health::server_is_ready_now(&url, PROBE),
            Role::Worker => health::worker_is_ready_now(&url, PROBE),
        }
}
