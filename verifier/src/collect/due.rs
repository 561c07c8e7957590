//! Which canaries a check sends: one a namespace through each server, until this boot of the server was seen to bring
//! it to its end; after that one a namespace, the servers in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::evidence::Canary;
use crate::project::Project;
use crate::topology::Workload;

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

/// What earlier checks saw; kept in the state folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Proven {
    /// Checks so far: whose turn it is.
    checks: usize,
    /// Namespaces by the uuid of the server's process.
    by_processor: BTreeMap<String, BTreeSet<String>>,
}

impl Proven {
    /// Without the file, or with half of it, nothing is proven.
    pub fn read(project: &Project) -> Self {
        let text = std::fs::read(file(project)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// What is to be sent, given the processes of the servers by instance.
    pub fn errands<'a>(
        &self,
        workloads: &[&'a Workload],
        processors: &'a BTreeMap<String, Option<String>>,
    ) -> Vec<Errand<'a>> {
        let servers: Vec<&str> = processors.keys().map(String::as_str).collect();
        let is_proven = |workload: &Workload, server: &str| {
            let processor = processors.get(server).and_then(Option::as_ref);
            let namespaces = processor.and_then(|processor| self.by_processor.get(processor));
            namespaces.is_some_and(|proven| proven.contains(&workload.namespace))
        };
        let mut errands = Vec::new();
        for (number, workload) in workloads.iter().copied().enumerate() {
            let turn = (number + self.checks) % servers.len().max(1);
            let chosen = servers
                .iter()
                .enumerate()
                .filter(|(index, server)| *index == turn || !is_proven(workload, server));
            errands.extend(chosen.map(|(_, via)| Errand { workload, via }));
        }
        errands
    }

    /// Adds the canaries that are complete, forgets servers that run no more, and keeps it for the next check.
    pub fn write(
        mut self,
        project: &Project,
        processors: &BTreeMap<String, Option<String>>,
        canaries: &[Canary],
    ) {
        self.checks += 1;
        let running: BTreeSet<&String> = processors.values().flatten().collect();
        self.by_processor
            .retain(|processor, _| running.contains(processor));
        for canary in canaries.iter().filter(|canary| canary.is_complete()) {
            if let Some(Some(processor)) = processors.get(&canary.via) {
                let namespaces = self.by_processor.entry(processor.clone()).or_default();
                namespaces.insert(canary.namespace.clone());
            }
        }
        let Ok(text) = serde_json::to_vec(&self) else {
            return;
        };
        // Renamed into place, since two checks may run at once. Where it cannot be written, the next check sends all.
        let part = project
            .state
            .join(format!("canaries.{}.part", std::process::id()));
        if std::fs::write(&part, text).is_ok() {
            let _ = std::fs::rename(&part, file(project));
        }
    }
}

fn file(project: &Project) -> PathBuf {
    project.state.join("canaries.json")
}

#[cfg(test)]
mod tests {
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

    /// Two servers, each in its first or second boot.
    fn servers(boot: &str) -> BTreeMap<String, Option<String>> {
        let server = |id: &str| (id.to_owned(), Some(format!("{id} {boot}")));
        ["orchestration-1", "orchestration-2"].map(server).into()
    }

    fn sent(errands: &[Errand<'_>]) -> Vec<String> {
        let name = |errand: &Errand<'_>| format!("{} {}", errand.workload.namespace, errand.via);
        errands.iter().map(name).collect()
    }

    #[test]
    fn a_pair_is_proven_once_a_boot_and_then_the_servers_take_turns() {
        let state = tempfile::tempdir().unwrap();
        let project = Project {
            root: state.path().to_path_buf(),
            state: state.path().to_path_buf(),
        };
        let (mail, post) = (workload("mail"), workload("post"));
        let (workloads, first) = ([&mail, &post], servers("first"));
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

        let second = servers("second");
        assert_eq!(Proven::read(&project).errands(&workloads, &second).len(), 4);
    }

    #[test]
    fn a_canary_that_is_not_complete_proves_nothing() {
        let state = tempfile::tempdir().unwrap();
        let project = Project {
            root: state.path().to_path_buf(),
            state: state.path().to_path_buf(),
        };
        let (mail, first) = (workload("mail"), servers("first"));
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
        let mut first = servers("first");
        first.insert("orchestration-2".into(), None);

        let errands = Proven::default().errands(&[&mail], &first);

        assert_eq!(errands.len(), 2);
    }
}
