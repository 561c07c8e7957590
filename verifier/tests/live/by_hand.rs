//! An instance started outside the supervisor, as somebody would by hand.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::{Child, Command};

use cluster_verify::topology::Topology;

use crate::cluster::{Cluster, parent_of};
use crate::history;

/// An instance started by hand, which ends with the test.
pub struct ByHand(Child);

impl ByHand {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Kills it and does not take notice of its end: what is left of it is a zombie.
    pub fn kill_unnoticed(&mut self) {
        self.0.kill().unwrap();
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Cluster {
    /// Starts an instance with other variables than the supervisor would, and waits until it is ready.
    pub fn launch(&self, instance: &str, changes: &[(&str, &str)]) -> ByHand {
        self.launch_as(&self.topology, instance, changes)
    }

    /// The same, with what another description of the cluster renders for it.
    pub fn launch_as(
        &self,
        topology: &Topology,
        instance: &str,
        changes: &[(&str, &str)],
    ) -> ByHand {
        let (service, rendered) = topology.instance(instance).unwrap();
        let mut environment: BTreeMap<&str, &str> = rendered
            .environment
            .iter()
            .map(|variable| (variable.name.as_str(), variable.setting.value.as_str()))
            .collect();
        environment.extend(changes.iter().copied());
        let logs = self.project.state.join("logs");
        let log = std::fs::File::create(logs.join(format!("{instance}.by-hand.log"))).unwrap();
        // Nothing of what cargo sets for its tests: the siblings have what the supervisor has.
        let supervisor = environment_of(parent_of(self.pid("orchestration-1")));
        let child = Command::new(self.project.root.join("services/launch"))
            .arg(instance)
            .args(&service.command)
            .env_clear()
            .envs(supervisor)
            .envs(environment)
            .env(
                "TASKER_POSTGRES_PORT",
                self.topology.database.port.to_string(),
            )
            .current_dir(&self.project.root)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let by_hand = ByHand(child);
        let record = self.record(instance);
        let pid = format!("\"pid\":{},", by_hand.pid());
        self.wait_for("the identity of what was started by hand", || {
            std::fs::read_to_string(&record).is_ok_and(|text| text.contains(&pid))
        });
        by_hand
    }

    /// The same for several, which take the place of the supervised ones.
    pub fn replace(
        &self,
        topology: &Topology,
        instances: &[&str],
        changes: &[(&str, &str)],
    ) -> Vec<ByHand> {
        for instance in instances {
            self.supervise("stop", instance);
        }
        let launch = |instance: &&str| self.launch_as(topology, instance, changes);
        instances.iter().map(launch).collect()
    }

    /// Gives instances back to the supervisor.
    ///
    /// What was killed in the middle of a poll is still seen to poll, under the instance's name, until that visit is over.
    pub fn start(&self, instances: &[&str]) {
        for instance in instances {
            let left = format!("FROM pg_stat_activity WHERE application_name = '{instance}'");
            let end = format!("SELECT pg_terminate_backend(pid) {left}");
            history::execute(self, &[&end]);
            let left = format!("SELECT count(*) {left}");
            self.wait_for("its sessions to end", || history::count(self, &left) == 0);
            self.supervise("start", instance);
        }
    }
}

fn environment_of(pid: u32) -> Vec<(OsString, OsString)> {
    let text = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let variable = |bytes: &[u8]| {
        let at = bytes.iter().position(|byte| *byte == b'=')?;
        let of = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        Some((of(&bytes[..at]), of(&bytes[at + 1..])))
    };
    text.split(|byte| *byte == 0).filter_map(variable).collect()
}
