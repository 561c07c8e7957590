//! What earlier checks saw of these very processes; kept in the state folder.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::due::Boots;
use super::probe::Probes;
use super::state_file;
use crate::evidence::Canary;
use crate::project::Project;

const FILE: &str = "canaries.json";
/// What the servers were tried with is tried again after so long.
const PROBES_HOLD: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Proven {
    /// By namespace and server.
    ways: BTreeMap<String, BTreeMap<String, Proof>>,
    probes: Option<Tried>,
}

/// A canary that came to its end, and nothing was found about it.
#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    /// The processes that it went through.
    boots: BTreeSet<String>,
    at: DateTime<Utc>,
}

/// What the servers were tried with, and nothing was found.
#[derive(Debug, Serialize, Deserialize)]
struct Tried {
    servers: BTreeMap<String, Option<String>>,
    probes: Probes,
}

impl Proven {
    pub fn read(project: &Project) -> Self {
        state_file::read(project, FILE)
    }

    pub fn write(&self, project: &Project) {
        state_file::write(project, FILE, self);
    }

    /// When these very processes were last seen to bring a canary of the namespace to its end.
    pub(super) fn at(&self, boots: &Boots, server: &str, namespace: &str) -> Option<DateTime<Utc>> {
        let proof = self.ways.get(namespace)?.get(server)?;
        (boots.of(server, namespace).as_ref() == Some(&proof.boots)).then_some(proof.at)
    }

    /// What these very servers were tried with a short while ago.
    pub fn probes(&self, boots: &Boots, now: DateTime<Utc>) -> Option<&Probes> {
        let tried = self.probes.as_ref()?;
        let same = tried.servers == boots.servers && boots.servers.values().all(Option::is_some);
        (same && now - tried.probes.at <= PROBES_HOLD).then_some(&tried.probes)
    }

    /// Keeps what the canaries showed. What one showed of which anything was found is forgotten: the next check tries
    /// it again.
    pub fn add(
        &mut self,
        boots: &Boots,
        canaries: &[Canary],
        found: impl Fn(&Canary) -> bool,
        now: DateTime<Utc>,
    ) {
        let is_good = |canary: &&Canary| canary.is_complete() && !found(canary);
        for canary in canaries.iter().filter(is_good) {
            self.note(boots, &canary.via, &canary.namespace, now);
        }
        for canary in canaries.iter().filter(|canary| !is_good(canary)) {
            if let Some(by_server) = self.ways.get_mut(&canary.namespace) {
                by_server.remove(&canary.via);
            }
        }
    }

    pub(super) fn note(&mut self, boots: &Boots, server: &str, namespace: &str, at: DateTime<Utc>) {
        if let Some(boots) = boots.of(server, namespace) {
            let by_server = self.ways.entry(namespace.to_owned()).or_default();
            by_server.insert(server.to_owned(), Proof { boots, at });
        }
    }

    /// Keeps what these servers were tried with; none: something was found.
    pub fn set_probes(&mut self, boots: &Boots, probes: Option<Probes>) {
        self.probes = probes.map(|probes| Tried {
            servers: boots.servers.clone(),
            probes,
        });
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Two servers and a worker, in these boots.
    pub fn boots(server: &str, worker: &str) -> Boots {
        let of = |id: &str| (id.to_owned(), Some(format!("{id} {server}")));
        let workers = BTreeSet::from([format!("worker {worker}")]);
        Boots {
            servers: ["orchestration-1", "orchestration-2"].map(of).into(),
            workers: ["mail", "note", "post", "wire"]
                .map(|namespace| (namespace.to_owned(), workers.clone()))
                .into(),
        }
    }

    /// All ways of the namespaces, proven then.
    pub fn proven(boots: &Boots, namespaces: &[&str], at: DateTime<Utc>) -> Proven {
        let mut proven = Proven::default();
        for namespace in namespaces {
            for server in boots.servers.keys() {
                proven.note(boots, server, namespace, at);
            }
        }
        proven
    }
}

#[cfg(test)]
mod tests {
    use super::testing::boots;
    use super::*;
    use crate::evidence::Evidence;

    fn canaries() -> Vec<Canary> {
        Evidence::healthy().canaries.seen_mut().tasks.clone()
    }

    fn at(proven: &Proven, boots: &Boots, server: &str) -> Option<DateTime<Utc>> {
        proven.at(boots, server, "mail")
    }

    #[test]
    fn what_was_seen_is_told_to_the_next_check() {
        let state = tempfile::tempdir().unwrap();
        let project = Project {
            root: state.path().to_path_buf(),
            state: state.path().to_path_buf(),
        };
        let (boots, now) = (boots("first", "first"), Utc::now());

        let mut proven = Proven::read(&project);
        proven.add(&boots, &canaries(), |_| false, now);
        proven.write(&project);

        let proven = Proven::read(&project);
        assert_eq!(at(&proven, &boots, "orchestration-1"), Some(now));
        assert_eq!(at(&proven, &boots, "orchestration-2"), Some(now));
        assert_eq!(proven.at(&boots, "orchestration-1", "post"), None);
    }

    #[test]
    fn a_canary_that_is_not_complete_or_of_which_something_was_found_disproves_what_was_seen_before()
     {
        let (boots, now) = (boots("first", "first"), Utc::now());
        let mut canaries = canaries();
        let mut proven = Proven::default();
        proven.add(&boots, &canaries, |_| false, now);
        canaries[0].last_readings.clear();
        canaries[0].finished_ms = None;

        proven.add(&boots, &canaries, |_| false, now);
        assert_eq!(at(&proven, &boots, &canaries[0].via), None);
        assert_eq!(at(&proven, &boots, &canaries[1].via), Some(now));

        proven.add(
            &boots,
            &canaries,
            |canary| canary.via == canaries[1].via,
            now,
        );
        assert_eq!(at(&proven, &boots, &canaries[1].via), None);
    }

    #[test]
    fn what_the_servers_were_tried_with_holds_ten_minutes_and_for_these_processes() {
        let (first, now) = (boots("first", "first"), Utc::now());
        let probes = Probes {
            at: now,
            twins: None,
            cancellation: None,
        };
        let mut proven = Proven::default();
        proven.set_probes(&first, Some(probes));

        assert!(proven.probes(&first, now + PROBES_HOLD).is_some());
        let late = now + PROBES_HOLD + TimeDelta::seconds(1);
        assert!(proven.probes(&first, late).is_none());
        assert!(proven.probes(&boots("second", "first"), now).is_none());

        proven.set_probes(&first, None);
        assert!(proven.probes(&first, now).is_none());
    }
}
