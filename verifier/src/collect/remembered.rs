//! Polls that earlier checks saw of workers which still run.
//!
//! A worker fixes its namespaces when it boots, and an idle one shows each of them only every few
//! dozen seconds: what was seen of it once holds until it boots again, under another uuid.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state_file;
use crate::evidence::{Poll, Subscriptions};
use crate::project::Project;

/// By worker uuid.
#[derive(Default, Serialize, Deserialize)]
struct Seen(BTreeMap<String, Vec<Poll>>);

const FILE: &str = "subscriptions.json";

/// What was seen of these workers, which are instances by worker uuid.
pub fn read(project: &Project, workers: &BTreeMap<String, String>) -> Vec<Poll> {
    let Seen(seen) = state_file::read(project, FILE);
    let of_worker = |(worker, polls): (String, Vec<Poll>)| {
        let instance = workers.get(&worker)?;
        Some(
            polls
                .into_iter()
                .filter(move |poll| poll.instance == *instance),
        )
    };
    seen.into_iter().filter_map(of_worker).flatten().collect()
}

/// Keeps what was seen of these workers, and forgets all others.
pub fn write(project: &Project, workers: &BTreeMap<String, String>, seen: &Subscriptions) {
    let of = |(worker, instance): (&String, &String)| {
        let polls = seen.polls.iter().filter(|poll| poll.instance == *instance);
        (worker.clone(), polls.cloned().collect())
    };
    state_file::write(project, FILE, &Seen(workers.iter().map(of).collect()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_of_a_boot_is_forgotten_with_the_next() {
        let state = tempfile::tempdir().unwrap();
        let project = Project {
            root: state.path().to_path_buf(),
            state: state.path().to_path_buf(),
        };
        let workers = |boot: &str| BTreeMap::from([(boot.to_owned(), "worker-rust-1".to_owned())]);
        let poll = |instance: &str| Poll {
            instance: instance.into(),
            namespace: "mail".into(),
            first_seen: chrono::Utc::now(),
        };
        let seen = Subscriptions {
            polls: vec![poll("worker-rust-1"), poll("stranger")],
            ..Subscriptions::default()
        };
        assert_eq!(read(&project, &workers("one")), []);

        write(&project, &workers("one"), &seen);

        assert_eq!(read(&project, &workers("one")), seen.polls[..1]);
        assert_eq!(read(&project, &workers("two")), []);
        std::fs::write(project.state.join(FILE), "{\"one\": [").unwrap();
        assert_eq!(read(&project, &workers("one")), []);
    }
}
