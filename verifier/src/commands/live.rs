//! The part of a check that sends canaries, and sees meanwhile who takes from which queue.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;

use super::gather::{expected, expected_of_running};
use crate::check::{Entry, Family, REGISTRY, Severity};
use crate::checks::duty::is_ready;
use crate::collect::canary::Sender;
use crate::collect::due::{self, Boots, Suspects};
use crate::collect::pace::Pace;
use crate::collect::probe::{self, Probes};
use crate::collect::proven::Proven;
use crate::collect::witnessed::Witnessed;
use crate::collect::{confirm, domain_events, postgres, remembered};
use crate::error::{Error, Result};
use crate::evidence::{Canary, Evidence, Observed};
use crate::project::Project;
use crate::topology::{Role, Topology, Workload, Workloads};

/// Canaries, and who takes from which queue.
///
/// # Errors
/// `config/workloads.toml` does not parse.
pub async fn live(
    project: &Project,
    evidence: &mut Evidence,
    topology: &Topology,
    sender: Sender<'_>,
    thorough: bool,
) -> Result<()> {
    let Sender { pool, progress, .. } = sender;
    let workloads =
        Workloads::load(&project.root).map_err(|problem| Error::Configuration(vec![problem]))?;
    let mut expected = expected_of_running(evidence, topology);
    expected.seen = remembered::read(project, &expected.workers);
    expected.confirmed = true;
    let witnessed = Witnessed::of(project, evidence, &expected);
    expected.worked = witnessed.work_of(&expected);
    let canaries_of = served(evidence, topology, &workloads);
    let boots = boots(evidence, topology, &expected);
    let servers: Vec<&str> = boots.servers.keys().map(String::as_str).collect();
    let now = Utc::now();
    let mut proven = if thorough {
        Proven::default()
    } else {
        Proven::read(project)
    };
    // The catalogue looks at the queues again, and what fails there is unknown: here it only makes nobody a suspect.
    let unread = postgres::unread(pool).await.unwrap_or_default();
    let suspects = suspects(evidence, &expected, unread);
    // Of whoever does not say that it is ready nothing is concluded, however long one waits for it.
    let ready = |id: &String| is_ready(evidence, id).unwrap_or(true);
    expected.namespaces.retain(|id, _| ready(id));
    let steps = |it: &Workload| evidence.configuration.steps(&it.namespace, &it.template);
    let plan = due::plan(&proven, &canaries_of, &boots, &suspects, steps, now);
    let pace = match sender.pace {
        Pace::Quick if plan.is_small() => Pace::Spread,
        pace => pace,
    };
    let paced = Sender { pace, ..sender };
    // Subscriptions show while the canaries run, and work by the canaries proves some of them.
    let (canaries, subscriptions) = futures::join!(
        paced.send(&plan.errands),
        postgres::subscriptions(pool, &expected, progress),
    );
    evidence.canaries = canaries;
    evidence.subscriptions = subscriptions.into();
    if let (Observed::Seen(sent), Observed::Seen(seen)) =
        (&mut evidence.canaries, &mut evidence.subscriptions)
    {
        let tasks = &mut sent.tasks;
        let confirmed = confirm::confirm(
            sender, &workloads, &servers, &expected, &witnessed, tasks, seen,
        );
        match confirmed.await {
            Ok(()) => remembered::write(project, &expected.workers, seen),
            Err(unseen) => evidence.subscriptions = Observed::Unseen(unseen),
        }
    }
    let Observed::Seen(sent) = &mut evidence.canaries else {
        return Ok(());
    };
    // After the canaries: what is cancelled or refused on purpose must not get in their way.
    let known = proven.probes(&boots, now).cloned();
    let (probes, events) = futures::join!(
        async {
            match known {
                Some(known) => known,
                None => {
                    probe::all(sender.servers, &smallest_first(&canaries_of, steps), pool).await
                }
            }
        },
        domain_events::collect(pool, &evidence.configuration, &mut sent.tasks),
    );
    sent.ways = Some(plan.ways);
    sent.tried_at = Some(probes.at);
    sent.twins = probes.twins.clone();
    sent.cancellation = probes.cancellation.clone();
    if let Err(unseen) = events {
        evidence.canaries = Observed::Unseen(unseen);
        return Ok(());
    }
    remember(evidence, &mut proven, &boots, probes);
    proven.write(project);
    Ok(())
}

/// Keeps what was seen for the next check, unless a check finds anything about it.
fn remember(evidence: &Evidence, proven: &mut Proven, boots: &Boots, probes: Probes) {
    let Some(sent) = evidence.canaries.ok() else {
        return;
    };
    let found = subjects(evidence, |entry| entry.code.family() == Family::Consistency);
    let is_found = |canary: &Canary| {
        let task = canary.create.task_uuid().map(|task| format!("task {task}"));
        found.contains(&canary.to_string())
            || found.contains(&canary.via)
            || task.is_some_and(|task| found.contains(&task))
    };
    proven.add(boots, &sent.tasks, is_found, Utc::now());
    let found = subjects(evidence, |entry| PROBED.contains(&entry.name));
    let holds = found.is_empty() && probes.are_answered();
    proven.set_probes(boots, holds.then_some(probes));
}

/// The checks that judge twins and a cancellation.
const PROBED: [&str; 2] = ["create-not-idempotent", "cancel-not-seen"];

/// What these checks find something about, by the evidence so far.
fn subjects(evidence: &Evidence, which: impl Fn(&Entry) -> bool) -> BTreeSet<String> {
    let entries = REGISTRY.iter().filter(|entry| which(entry));
    let judged = entries.filter_map(|entry| (entry.judge)(evidence).ok());
    judged.flatten().map(|finding| finding.subject).collect()
}

/// Whom not to believe what was seen of them before: instances about whose process or health there is a finding, and
/// the workers of whoever leaves messages unread.
fn suspects(
    evidence: &Evidence,
    expected: &postgres::Expected,
    unread: BTreeSet<String>,
) -> Suspects {
    let servers = subjects(evidence, |entry| {
        matches!(entry.code.family(), Family::Processes | Family::Health)
            && entry.severity == Severity::Error
    });
    let doubted = expected.namespaces.iter().filter(|(worker, namespaces)| {
        servers.contains(*worker) || !namespaces.is_disjoint(&unread)
    });
    Suspects {
        namespaces: doubted.flat_map(|(_, all)| all.iter().cloned()).collect(),
        servers,
    }
}

fn smallest_first<'a>(
    workloads: &[&'a Workload],
    steps: impl Fn(&Workload) -> usize,
) -> Vec<&'a Workload> {
    let mut all = workloads.to_vec();
    all.sort_by_key(|it| steps(it));
    all
}

/// The processes that the canaries go through.
fn boots(evidence: &Evidence, topology: &Topology, expected: &postgres::Expected) -> due::Boots {
    let of = |id: &String| evidence.identities.get(id)?.ok()?.processor_uuid.clone();
    let servers = topology.with_role(Role::Orchestration);
    let servers = servers.map(|(_, instance)| (instance.id.clone(), of(&instance.id)));
    let mut workers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (uuid, instance) in &expected.workers {
        for namespace in expected.namespaces.get(instance).into_iter().flatten() {
            let uuids = workers.entry(namespace.clone()).or_default();
            uuids.insert(uuid.clone());
        }
    }
    due::Boots {
        servers: servers.collect(),
        workers,
    }
}

/// Canaries for namespaces that this topology has workers for.
fn served<'a>(
    evidence: &Evidence,
    topology: &Topology,
    workloads: &'a Workloads,
) -> Vec<&'a Workload> {
    let expected = expected(evidence, topology);
    let served: BTreeSet<&String> = expected.namespaces.values().flatten().collect();
    workloads
        .canaries()
        .filter(|workload| served.contains(&workload.namespace))
        .collect()
}
