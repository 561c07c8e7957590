//! Which canaries a check sends: one a namespace through each server, until these very processes of the server and of
//! the namespace's workers were seen to bring it to its end; after that one a namespace, the servers in turn.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::state_file;
use crate::evidence::Canary;
use crate::project::Project;
use crate::topology::Workload;

const FILE: &str = "canaries.json";

/// A task to create, and the id of the server to ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errand<'a> {
    pub workload: &'a Workload,
    pub via: &'a str,
}

/// One of each workload through each server.
pub fn all<'a>(workloads: &[&'a Workload], servers: &[&'a str]) -> Vec<Errand<'a>> {
    let through = |workload: &&'a Workload| {
        let workload = *workload;
        servers.iter().map(move |via| Errand { workload, via })
    };
    workloads.iter().flat_map(through).collect()
}

/// The processes that a proof holds for: it is forgotten when one of them is another.
#[derive(Debug, Clone, Default)]
pub struct Boots {
    /// The uuid of each server's process, where it has told it.
    pub servers: BTreeMap<String, Option<String>>,
    /// The uuids of the workers' processes by the namespace that they serve.
    pub workers: BTreeMap<String, BTreeSet<String>>,
}

impl Boots {
    /// All that a task of the namespace through the server goes through.
    fn of(&self, server: &str, namespace: &str) -> Option<BTreeSet<String>> {
        let mut boots = self.workers.get(namespace).cloned().unwrap_or_default();
        boots.insert(self.servers.get(server)?.clone()?);
        Some(boots)
    }
}

/// What earlier checks saw; kept in the state folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Proven {
    /// Checks so far: whose turn it is.
    checks: usize,
    /// By namespace and server, the processes that brought a canary to its end.
    boots: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Proven {
    pub fn read(project: &Project) -> Self {
        state_file::read(project, FILE)
    }

    /// What is to be sent to a cluster of these processes.
    pub fn errands<'a>(&self, workloads: &[&'a Workload], boots: &'a Boots) -> Vec<Errand<'a>> {
        let servers: Vec<&str> = boots.servers.keys().map(String::as_str).collect();
        let is_proven = |namespace: &str, server: &str| {
            let seen = self.boots.get(namespace).and_then(|by| by.get(server));
            seen.is_some() && seen == boots.of(server, namespace).as_ref()
        };
        let mut errands = Vec::new();
        for (number, workload) in workloads.iter().copied().enumerate() {
            let turn = (number + self.checks) % servers.len().max(1);
            let chosen = servers.iter().enumerate().filter(|(index, server)| {
                *index == turn || !is_proven(&workload.namespace, server)
            });
            errands.extend(chosen.map(|(_, via)| Errand { workload, via }));
        }
        errands
    }

    /// Adds the canaries that are complete, and keeps it for the next check.
    pub fn write(mut self, project: &Project, boots: &Boots, canaries: &[Canary]) {
        self.checks += 1;
        for canary in canaries.iter().filter(|canary| canary.is_complete()) {
            if let Some(through) = boots.of(&canary.via, &canary.namespace) {
                let by_server = self.boots.entry(canary.namespace.clone()).or_default();
                by_server.insert(canary.via.clone(), through);
            }
        }
        state_file::write(project, FILE, &self);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::evidence::Evidence;

    fn workload(namespace: &str) -> Workload {
        Workload {
            namespace: namespace.into(),
            template: "send".into(),
            language: "rust".into(),
            canary: true,
            context: serde_json::json!({}),
            outcome: "complete".into(),
            results: BTreeMap::new(),
        }
    }

    fn project(state: &Path) -> Project {
        Project {
            root: state.to_path_buf(),
            state: state.to_path_buf(),
        }
    }

    /// Two servers and a worker, in these boots.
    fn boots(server: &str, worker: &str) -> Boots {
        let of = |id: &str| (id.to_owned(), Some(format!("{id} {server}")));
        let workers = BTreeSet::from([format!("worker {worker}")]);
        Boots {
            servers: ["orchestration-1", "orchestration-2"].map(of).into(),
            workers: ["mail", "post"]
                .map(|namespace| (namespace.to_owned(), workers.clone()))
                .into(),
        }
    }

    fn sent(errands: &[Errand<'_>]) -> Vec<String> {
        let name = |errand: &Errand<'_>| format!("{} {}", errand.workload.namespace, errand.via);
        errands.iter().map(name).collect()
    }

    #[test]
    fn a_pair_is_proven_once_a_boot_and_then_the_servers_take_turns() {
        let state = tempfile::tempdir().unwrap();
        let project = project(state.path());
        let (mail, post) = (workload("mail"), workload("post"));
        let (workloads, first) = ([&mail, &post], boots("first", "first"));
        let canaries = Evidence::healthy().canaries.seen_mut().tasks.clone();
        let through = |via: &str| canaries.iter().any(|canary| canary.via == via);
        assert!(through("orchestration-1") && through("orchestration-2"));

        let errands = Proven::read(&project).errands(&workloads, &first);
        assert_eq!(
            errands,
            all(&workloads, &["orchestration-1", "orchestration-2"])
        );

        // The healthy canaries are of the namespace `mail` alone.
        Proven::read(&project).write(&project, &first, &canaries);
        assert_eq!(
            sent(&Proven::read(&project).errands(&workloads, &first)),
            [
                "mail orchestration-2",
                "post orchestration-1",
                "post orchestration-2"
            ]
        );
        Proven::read(&project).write(&project, &first, &[]);
        assert_eq!(
            sent(&Proven::read(&project).errands(&[&mail], &first)),
            ["mail orchestration-1"]
        );

        for other in [boots("second", "first"), boots("first", "second")] {
            assert_eq!(Proven::read(&project).errands(&workloads, &other).len(), 4);
        }
    }

    #[test]
    fn a_canary_that_is_not_complete_proves_nothing() {
        let state = tempfile::tempdir().unwrap();
        let project = project(state.path());
        let (mail, first) = (workload("mail"), boots("first", "first"));
        let mut canaries = Evidence::healthy().canaries.seen_mut().tasks.clone();
        for canary in &mut canaries {
            canary.last_readings.clear();
            canary.finished_ms = None;
        }

        Proven::default().write(&project, &first, &canaries);

        assert_eq!(Proven::read(&project).errands(&[&mail], &first).len(), 2);
    }

    #[test]
    fn a_server_without_an_identity_has_proven_nothing() {
        let mail = workload("mail");
        let mut first = boots("first", "first");
        first.servers.insert("orchestration-2".into(), None);

        let errands = Proven::default().errands(&[&mail], &first);

        assert_eq!(errands.len(), 2);
    }
}
