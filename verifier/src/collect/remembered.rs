//! Polls that earlier checks saw of workers which still run.
//!
//! A worker fixes its namespaces when it boots, and an idle one shows each of them only every few
//! dozen seconds: what was seen of it once holds until it boots again, under another uuid.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::evidence::{Poll, Subscriptions};
use crate::project::Project;

/// By worker uuid.
#[derive(Default, Serialize, Deserialize)]
struct Seen(BTreeMap<String, Vec<Poll>>);

fn file(project: &Project) -> PathBuf {
    project.state.join("subscriptions.json")
}

/// What was seen of these workers, which are instances by worker uuid.
pub fn read(project: &Project, workers: &BTreeMap<String, String>) -> Vec<Poll> {
    // Without the file, or with half of it, all is looked for again.
    let text = std::fs::read(file(project)).unwrap_or_default();
    let Seen(seen) = serde_json::from_slice(&text).unwrap_or_default();
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
    let Ok(text) = serde_json::to_vec(&Seen(workers.iter().map(of).collect())) else {
        return;
    };
    // Renamed into place, since two checks may run at once. Where it cannot be written, the next check takes longer.
    let part = project
        .state
        .join(format!("subscriptions.{}.part", std::process::id()));
    if std::fs::write(&part, text).is_ok() {
        let _ = std::fs::rename(&part, file(project));
    }
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
        std::fs::write(file(&project), "{\"one\": [").unwrap();
        assert_eq!(read(&project, &workers("one")), []);
    }
}
