//! Who should take from which queue, and how long it takes a healthy cluster to show it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::evidence::{Poll, Subscriptions, WorkDone};

/// One visit of a namespace on an empty queue (`pgmq.read_with_poll`'s own default).
pub(super) const VISIT: Duration = Duration::from_secs(5);
/// In this time whoever polls was seen at one queue: a visit, and a while to begin the next.
const SHOWS: Duration = VISIT.saturating_add(Duration::from_secs(1));

/// What should be proven, and how workers of this boot are told apart.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Namespaces by worker instance.
    pub namespaces: BTreeMap<String, BTreeSet<String>>,
    /// Instance by the worker uuid of its present boot.
    pub workers: BTreeMap<String, String>,
    /// When the present boot of an instance began, where it has told: what its predecessor left in the middle of a poll is
    /// seen under the same name until that poll is over.
    pub began: BTreeMap<String, DateTime<Utc>>,
    /// Polls that were seen before, of these very boots.
    pub seen: Vec<Poll>,
    /// Work that was seen before, of these very boots.
    pub worked: Vec<WorkDone>,
    /// Whether whoever does not show will be given work (`confirm`), so that no second round is needed.
    pub confirmed: bool,
}

impl Expected {
    /// How long a worker that only polls takes to come round to a namespace.
    pub fn cycle(&self) -> Duration {
        let most = self.namespaces.values().map(BTreeSet::len).max();
        VISIT * u32::try_from(most.unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// The longest that a healthy cluster needs to show every subscription.
    fn bound(&self) -> Duration {
        self.cycle() + VISIT / 2
    }

    /// How long to look, given what was seen so far.
    ///
    /// A visit to a queue with messages is over at once and may go unseen: whoever
    /// was seen at some of its queues gets a second round for the others.
    pub(super) fn patience(&self, seen: &Subscriptions) -> Duration {
        let alive = |instance: &String| seen.is_alive(instance);
        if self.missing(seen).is_empty() {
            // Whoever does not even poll is no reason to look at its queues one by one.
            let all_alive = self.namespaces.keys().all(alive);
            return if all_alive { Duration::ZERO } else { SHOWS };
        }
        let half_seen = |(instance, names): (&String, &BTreeSet<String>)| {
            let proven = names
                .iter()
                .filter(|name| seen.proven(instance, name))
                .count();
            proven > 0 && proven < names.len()
        };
        let again = !self.confirmed && self.namespaces.iter().any(half_seen);
        self.bound() * if again { 2 } else { 1 }
    }

    /// What was never seen of these boots: instance and namespace.
    pub fn missing<'a>(&'a self, seen: &Subscriptions) -> Vec<(&'a str, &'a str)> {
        self.pairs(|instance, namespace| !seen.proven(instance, namespace))
    }

    /// What a look goes on for, by name: what is missing, else whoever did not show in this look.
    pub(super) fn waited_for(&self, seen: &Subscriptions) -> Vec<String> {
        let missing = self.missing(seen);
        if missing.is_empty() {
            let silent = self.namespaces.keys().filter(|it| !seen.is_alive(it));
            return silent.cloned().collect();
        }
        let pairs = missing.into_iter();
        pairs
            .map(|(instance, namespace)| format!("{instance} at {namespace}"))
            .collect()
    }

    /// The same, and everything of those who took from no queue in this look.
    pub fn in_question<'a>(&'a self, seen: &Subscriptions) -> Vec<(&'a str, &'a str)> {
        self.pairs(|instance, namespace| {
            !seen.is_alive(instance) || !seen.proven(instance, namespace)
        })
    }

    fn pairs(&self, which: impl Fn(&str, &str) -> bool) -> Vec<(&str, &str)> {
        self.namespaces
            .iter()
            .flat_map(|(instance, names)| names.iter().map(|name| (&**instance, &**name)))
            .filter(|(instance, namespace)| which(instance, namespace))
            .collect()
    }

    pub(super) fn total(&self) -> usize {
        self.namespaces.values().map(BTreeSet::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::evidence::Sign;

    fn expected() -> Expected {
        let names = ["mail", "parcel"].map(str::to_owned).into();
        Expected {
            namespaces: [("worker-rust-1".to_owned(), names)].into(),
            ..Expected::default()
        }
    }

    fn poll(namespace: &str) -> Poll {
        Poll {
            instance: "worker-rust-1".into(),
            namespace: namespace.into(),
            first_seen: Utc::now(),
        }
    }

    #[test]
    fn whoever_was_seen_at_some_queues_gets_a_second_round() {
        let expected = expected();
        let mut seen = Subscriptions::default();
        assert_eq!(expected.patience(&seen), expected.bound());

        seen.polls.push(poll("mail"));
        assert_eq!(expected.patience(&seen), expected.bound() * 2);
        assert_eq!(expected.missing(&seen), [("worker-rust-1", "parcel")]);
        assert_eq!(expected.waited_for(&seen), ["worker-rust-1 at parcel"]);

        let confirmed = Expected {
            confirmed: true,
            ..expected
        };
        assert_eq!(confirmed.patience(&seen), confirmed.bound());
    }

    #[test]
    fn what_was_seen_before_is_no_proof_that_a_worker_still_takes_work() {
        let expected = expected();
        let mut seen = Subscriptions {
            polls: vec![poll("mail"), poll("parcel")],
            ..Subscriptions::default()
        };
        assert_eq!(expected.missing(&seen), []);
        assert_eq!(expected.in_question(&seen).len(), 2);
        assert_eq!(expected.waited_for(&seen), ["worker-rust-1"]);
        assert_eq!(expected.patience(&seen), SHOWS);

        seen.alive.insert("worker-rust-1".into(), Sign::Polled);

        assert_eq!(expected.in_question(&seen), []);
        assert_eq!(expected.patience(&seen), Duration::ZERO);
    }
}
