//! Which canaries a check sends: one a namespace through each server, until these very processes of the server and of
//! the namespace's workers were seen to bring it to its end. After that those whose proof is oldest, so that all come
//! round, and, where these leave a language or a server out, the smallest of it, as a proof of life.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::proven::Proven;
use crate::evidence::Ways;
use crate::topology::Workload;

/// Ways whose proof is oldest that each check tries again.
const OLDEST: usize = 2;
/// So many go one at a time within a few seconds.
const SMALL: usize = 16;
/// A namespace of which no proof is younger is tried again by any check.
const STALE: TimeDelta = TimeDelta::hours(1);

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
    pub(super) fn of(&self, server: &str, namespace: &str) -> Option<BTreeSet<String>> {
        let mut boots = self.workers.get(namespace).cloned().unwrap_or_default();
        boots.insert(self.servers.get(server)?.clone()?);
        Some(boots)
    }
}

/// Whom a check does not believe what earlier ones saw of them.
#[derive(Debug, Clone, Default)]
pub struct Suspects {
    /// Servers about whose process or health something was found.
    pub servers: BTreeSet<String>,
    /// Namespaces of workers of which that is so, or with messages that nobody has read.
    pub namespaces: BTreeSet<String>,
}

/// What comes to no end unless it is alive.
#[derive(Debug, Clone, Copy)]
enum Life<'a> {
    Language(&'a str),
    Server(&'a str),
}

impl Life<'_> {
    fn shows_in(self, errand: &Errand<'_>) -> bool {
        match self {
            Self::Language(language) => errand.workload.language == language,
            Self::Server(server) => errand.via == server,
        }
    }
}

/// What a check sends.
#[derive(Debug)]
pub struct Plan<'a> {
    pub errands: Vec<Errand<'a>>,
    pub ways: Ways,
    /// Whether something is not proven, or no longer believed.
    has_due: bool,
}

impl Plan<'_> {
    /// Whether it is but a proof of life, which has time.
    pub fn is_small(&self) -> bool {
        !self.has_due && self.errands.len() <= SMALL
    }
}

/// Chooses what to send to a cluster of these processes; `steps` tells how large a workload is.
pub fn plan<'a>(
    proven: &Proven,
    workloads: &[&'a Workload],
    boots: &'a Boots,
    suspects: &Suspects,
    steps: impl Fn(&Workload) -> usize,
    now: DateTime<Utc>,
) -> Plan<'a> {
    let servers: Vec<&str> = boots.servers.keys().map(String::as_str).collect();
    let proof = |errand: &Errand<'_>| {
        let namespace = errand.workload.namespace.as_str();
        let doubted =
            suspects.servers.contains(errand.via) || suspects.namespaces.contains(namespace);
        let at = proven.at(boots, errand.via, namespace);
        at.filter(|_| !doubted)
    };
    let ways = all(workloads, &servers);
    let (due, mut rest): (Vec<_>, Vec<_>) = ways
        .iter()
        .copied()
        .map(|errand| (proof(&errand), errand))
        .partition(|(at, _)| at.is_none());
    // The oldest first.
    rest.sort_by_key(|(at, _)| *at);
    let has_due = !due.is_empty();
    let mut errands: Vec<Errand<'a>> = due.into_iter().map(|(_, errand)| errand).collect();
    let is_old = |at: &Option<DateTime<Utc>>| at.is_none_or(|at| now - at > STALE);
    let youngest = |namespace: &str| {
        let of_namespace = ways.iter().filter(|it| it.workload.namespace == namespace);
        of_namespace.filter_map(proof).max()
    };
    let mut chosen: Vec<Errand<'a>> = rest
        .iter()
        .enumerate()
        .filter(|(number, (_, it))| {
            let namespace = it.workload.namespace.as_str();
            let is_first = rest
                .iter()
                .position(|(_, other)| other.workload.namespace == namespace)
                == Some(*number);
            *number < OLDEST || (is_first && is_old(&youngest(namespace)))
        })
        .map(|(_, (_, errand))| *errand)
        .collect();
    let languages: BTreeSet<&str> = workloads.iter().map(|it| it.language.as_str()).collect();
    let alive = languages
        .into_iter()
        .map(Life::Language)
        .chain(servers.iter().copied().map(Life::Server));
    for life in alive {
        if errands.iter().chain(&chosen).any(|it| life.shows_in(it)) {
            continue;
        }
        // Of several that are as small, that with the oldest proof: the next check takes another one.
        let ways = rest.iter().map(|(_, errand)| errand);
        let smallest = ways
            .filter(|it| life.shows_in(it))
            .min_by_key(|it| steps(it.workload));
        chosen.extend(smallest);
    }
    errands.extend(chosen);
    let left = rest.iter().filter(|(_, errand)| !errands.contains(errand));
    let ways = Ways {
        tried: errands.len(),
        all: ways.len(),
        oldest_proof: left.filter_map(|(at, _)| *at).min(),
    };
    Plan {
        errands,
        ways,
        has_due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::proven::testing::{boots, proven};

    fn workload(namespace: &str) -> Workload {
        Workload {
            namespace: namespace.into(),
            ..Workload::example()
        }
    }

    const NAMESPACES: [&str; 4] = ["mail", "note", "post", "wire"];
    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn ago(minutes: i64) -> DateTime<Utc> {
        NOW - TimeDelta::minutes(minutes)
    }

    /// What is sent for the namespaces, of which `wire` is the smallest.
    fn sent(proven: &Proven, boots: &Boots, suspects: &Suspects) -> (Vec<String>, Ways) {
        let all = NAMESPACES.map(workload);
        let workloads: Vec<&Workload> = all.iter().collect();
        let steps = |workload: &Workload| if workload.namespace == "wire" { 1 } else { 4 };
        let plan = plan(proven, &workloads, boots, suspects, steps, NOW);
        let name = |errand: &Errand<'_>| format!("{} {}", errand.workload.namespace, errand.via);
        (plan.errands.iter().map(name).collect(), plan.ways)
    }

    #[test]
    fn nothing_is_proven_for_a_cluster_of_which_nothing_was_seen() {
        let (sent, ways) = sent(
            &Proven::default(),
            &boots("first", "first"),
            &Suspects::default(),
        );

        assert_eq!(sent.len(), 8);
        assert_eq!((ways.tried, ways.all, ways.oldest_proof), (8, 8, None));
    }

    #[test]
    fn of_a_proven_cluster_the_oldest_are_tried_again() {
        let boots = boots("first", "first");
        let mut proven = proven(&boots, &NAMESPACES, ago(5));
        proven.note(&boots, "orchestration-2", "post", ago(9));
        proven.note(&boots, "orchestration-1", "note", ago(8));
        proven.note(&boots, "orchestration-1", "mail", ago(7));

        let (sent, ways) = sent(&proven, &boots, &Suspects::default());

        assert_eq!(sent, ["post orchestration-2", "note orchestration-1"]);
        assert_eq!(
            (ways.tried, ways.all, ways.oldest_proof),
            (2, 8, Some(ago(7)))
        );
    }

    #[test]
    fn the_smallest_show_the_languages_and_servers_that_the_oldest_leave_out() {
        let boots = boots("first", "first");
        let mut proven = proven(&boots, &NAMESPACES, ago(5));
        proven.note(&boots, "orchestration-2", "post", ago(9));
        proven.note(&boots, "orchestration-2", "note", ago(8));
        proven.note(&boots, "orchestration-1", "wire", ago(1));
        let mut all = NAMESPACES.map(workload);
        let other = all.iter_mut().find(|it| it.namespace == "mail");
        other.unwrap().language = "ruby".into();
        let workloads: Vec<&Workload> = all.iter().collect();
        let steps = |workload: &Workload| if workload.namespace == "wire" { 1 } else { 4 };

        let plan = plan(
            &proven,
            &workloads,
            &boots,
            &Suspects::default(),
            steps,
            NOW,
        );

        let sent = plan.errands.iter();
        let sent = sent.map(|it| format!("{} {}", it.workload.namespace, it.via));
        assert_eq!(
            sent.collect::<Vec<_>>(),
            [
                "post orchestration-2",
                "note orchestration-2",
                // Ruby's only one, which shows the other server, too.
                "mail orchestration-1",
            ]
        );
    }

    #[test]
    fn all_ways_come_round() {
        let boots = boots("first", "first");
        let mut proven = proven(&boots, &NAMESPACES, ago(30));
        let mut seen = BTreeSet::new();
        for check in 0..4 {
            let (sent, _) = sent(&proven, &boots, &Suspects::default());
            for way in sent {
                let (namespace, via) = way.split_once(' ').unwrap();
                proven.note(&boots, via, namespace, ago(20 - check));
                seen.insert(way.clone());
            }
        }

        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn what_a_doubted_server_or_namespace_has_proven_does_not_count() {
        let boots = boots("first", "first");
        let proven = proven(&boots, &NAMESPACES, ago(5));
        let server = Suspects {
            servers: ["orchestration-2".to_owned()].into(),
            ..Suspects::default()
        };
        let namespace = Suspects {
            namespaces: ["mail".to_owned(), "note".to_owned()].into(),
            ..Suspects::default()
        };

        let (by_server, _) = sent(&proven, &boots, &server);
        let (by_namespace, _) = sent(&proven, &boots, &namespace);

        for of in NAMESPACES {
            assert!(
                by_server.contains(&format!("{of} orchestration-2")),
                "{by_server:?}"
            );
        }
        for of in ["mail", "note"] {
            for via in ["orchestration-1", "orchestration-2"] {
                assert!(
                    by_namespace.contains(&format!("{of} {via}")),
                    "{by_namespace:?}"
                );
            }
        }
    }

    #[test]
    fn a_namespace_that_nobody_tried_for_long_is_tried_at_once() {
        let boots = boots("first", "first");
        let proven = proven(&boots, &NAMESPACES, ago(61));

        let (sent, _) = sent(&proven, &boots, &Suspects::default());

        for namespace in NAMESPACES {
            assert!(
                sent.iter().any(|way| way.starts_with(namespace)),
                "{sent:?}"
            );
        }
        assert!(sent.len() < 8, "{sent:?}");
    }

    #[test]
    fn processes_that_were_started_again_have_proven_nothing() {
        let proven = proven(&boots("first", "first"), &NAMESPACES, ago(5));

        for other in [boots("second", "first"), boots("first", "second")] {
            assert_eq!(sent(&proven, &other, &Suspects::default()).0.len(), 8);
        }
    }

    #[test]
    fn a_server_without_an_identity_has_proven_nothing() {
        let mut first = boots("first", "first");
        let proven = proven(&first, &NAMESPACES, ago(5));
        first.servers.insert("orchestration-2".into(), None);

        let (sent, _) = sent(&proven, &first, &Suspects::default());

        for namespace in NAMESPACES {
            assert!(sent.contains(&format!("{namespace} orchestration-2")));
        }
    }
}
