//! Runs the collectors that a command needs and puts their evidence together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::live::live;
use super::past;
use crate::collect::canary::{STALLED, Sender};
use crate::collect::pace::Pace;
use crate::collect::postgres::Past;
use crate::collect::progress::Progress;
use crate::collect::servers::Servers;
use crate::collect::witness::Reach;
use crate::collect::witnessed::Witnessed;
use crate::collect::{
    configuration, endpoints, identity, log, postgres, remembered, supervisor, system, tools,
    witness,
};
use crate::error::Result;
use crate::evidence::{Configuration, Evidence, Observed};
use crate::project::Project;
use crate::topology::{self, Instance, Role, Selection, Service, Topology};

/// How deep to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The project's files.
    Files,
    /// Also processes and the supervisor.
    System,
    /// Also HTTP and the database's catalogue.
    Quick { past: Past, witness: Reach },
    /// Also who takes from which queue, until proven; no canaries, no history.
    Subscriptions,
    /// Also canaries, subscriptions until proven, and history.
    Full {
        past: Past,
        /// Canaries too of what an earlier check of this boot has proven.
        thorough: bool,
        pace: Pace,
    },
}

impl Depth {
    /// How much of the witness files.
    const fn reach(self) -> Reach {
        match self {
            Self::Quick { witness, .. } => witness,
            Self::Files | Self::System | Self::Subscriptions | Self::Full { .. } => Reach::Whole,
        }
    }
}

/// The topology of the running cluster, or blank evidence that says why there is none.
///
/// # Errors
/// The record of the running selection is broken.
pub fn begin(project: &Project) -> Result<Evidence> {
    let selection = project.recorded_selection()?;
    let topology = topology::load(&project.root, &selection);
    let default = topology::load(&project.root, &Selection::default());
    Ok(match (topology, default) {
        (Ok(topology), Ok(default)) => {
            let configuration = configuration::collect(project, &topology, &default);
            Evidence::blank(Observed::Seen(topology), configuration)
        }
        (Err(problems), _) | (_, Err(problems)) => {
            let why = problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ");
            let configuration = Configuration {
                problems,
                ..Configuration::default()
            };
            Evidence::blank(Observed::unseen("the topology", why), configuration)
        }
    })
}

/// Fills the evidence to the depth.
///
/// # Errors
/// `config/workloads.toml` does not parse.
pub async fn gather(
    project: &Project,
    evidence: &mut Evidence,
    depth: Depth,
    progress: &Progress,
) -> Result<()> {
    let Observed::Seen(topology) = evidence.topology.clone() else {
        return Ok(());
    };
    if depth == Depth::Files {
        return Ok(());
    }
    progress.say("processes");
    let deep = depth != Depth::System;
    let local = {
        let (project, topology) = (project.clone(), topology.clone());
        // Files and processes block the thread that looks at them.
        tokio::task::spawn_blocking(move || {
            let system = system::collect(&project, &topology);
            let logs = deep.then(|| log::collect(&project, &topology));
            (system, logs)
        })
    };
    let tools = async {
        match deep {
            true => Some(tools::collect(project).await),
            false => None,
        }
    };
    let (local, supervisor, tools) = futures::join!(local, supervisor::collect(project), tools);
    evidence.supervisor = supervisor;
    if let Some(tools) = tools {
        evidence.tools = tools;
    }
    match local {
        Ok((system, logs)) => {
            evidence.system = system;
            evidence.logs = logs.unwrap_or_default();
        }
        Err(failed) => evidence.system = Observed::unseen("processes", failed.to_string()),
    }
    evidence.identities = identity::collect(project, &topology);
    if let Observed::Seen(system) = &evidence.system {
        configuration::add_live_roots(project, &mut evidence.configuration, system);
    }
    if !deep {
        return Ok(());
    }
    // Not beside the looks above: they would count as slowness of the instances.
    progress.say("health");
    let (endpoints, opened) = futures::join!(
        endpoints::collect(&topology),
        past::hold(postgres::connect(project, &topology))
    );
    evidence.endpoints = endpoints;
    let (pool, held) = match opened {
        Ok(opened) => opened,
        Err(unseen) => {
            evidence.database = Observed::Unseen(unseen.clone());
            evidence.subscriptions = Observed::Unseen(unseen.clone());
            evidence.canaries = Observed::Unseen(unseen.clone());
            evidence.history = Observed::Unseen(unseen);
            evidence.witness = witness::collect(project, None, depth.reach());
            return Ok(());
        }
    };
    let past = match depth {
        Depth::Quick { past, .. } => past,
        Depth::Full {
            past,
            thorough,
            pace,
        } => {
            match Servers::of(&topology, Some(project)) {
                Ok(servers) => {
                    let sender = Sender {
                        servers: &servers,
                        pool: &pool,
                        pace,
                        patience: patience(evidence, &topology),
                        progress,
                    };
                    live(project, evidence, &topology, sender, thorough).await?;
                }
                Err(unseen) => {
                    evidence.subscriptions = Observed::Unseen(unseen.clone());
                    evidence.canaries = Observed::Unseen(unseen);
                }
            }
            Past { pace, ..past }
        }
        Depth::Files | Depth::System | Depth::Subscriptions => Past::default(),
    };
    if depth == Depth::Subscriptions {
        evidence.database = postgres::catalogue(&pool).await.into();
        let mut expected = expected_of_running(evidence, &topology);
        expected.seen = remembered::read(project, &expected.workers);
        let witnessed = Witnessed::of(project, evidence, &expected);
        expected.worked = witnessed.work_of(&expected);
        let mut seen = postgres::subscriptions(&pool, &expected, progress).await;
        if let Ok(seen) = &mut seen {
            witnessed.add(seen);
            remembered::write(project, &expected.workers, seen);
        }
        evidence.subscriptions = seen.into();
        pool.close().await;
        return Ok(());
    }
    // If that look fails, so do those at the history: until then all of it counts.
    let past = past.of_present_profile(&pool).await.unwrap_or(past);
    past::look(&pool, evidence, past, progress).await;
    evidence.witness = witness::collect(project, past.since_seconds, depth.reach());
    if let Observed::Seen(view) = &mut evidence.witness {
        // After the files, so that a result is never missing only because it came later.
        let steps: Vec<_> = view.repeated.iter().map(|step| step.step).collect();
        view.audits = postgres::audits(&pool, &steps).await.into();
    }
    if matches!(depth, Depth::Full { .. }) {
        past::age_out(&pool, held, evidence, progress).await;
    }
    pool.close().await;
    Ok(())
}

/// Which worker should take from which namespace, by its rendered template root.
pub(super) fn expected(evidence: &Evidence, topology: &Topology) -> postgres::Expected {
    let namespaces = topology
        .with_role(Role::Worker)
        .filter_map(|(_, instance)| {
            let root = instance.value("TASKER_TEMPLATE_PATH")?;
            let root = evidence.configuration.template_roots.get(root)?;
            let names: BTreeSet<String> =
                root.namespaces().into_iter().map(str::to_owned).collect();
            Some((instance.id.clone(), names))
        })
        .collect();
    let workers: BTreeMap<String, String> = evidence
        .identities
        .iter()
        .filter_map(|(id, identity)| Some((identity.ok()?.worker_uuid.clone()?, id.clone())))
        .collect();
    let began = evidence
        .identities
        .iter()
        .filter_map(|(id, identity)| Some((id.clone(), identity.ok()?.started_at)))
        .collect();
    postgres::Expected {
        namespaces,
        workers,
        began,
        ..postgres::Expected::default()
    }
}

/// How long a canary may stand still: whoever is told of messages takes a step at once, and whoever only polls comes
/// round to its namespace after a while.
fn patience(evidence: &Evidence, topology: &Topology) -> Duration {
    let polls = |(service, instance): (&Service, &Instance)| {
        let mode = evidence
            .configuration
            .deployment_mode(service.role, instance);
        mode == Some("PollingOnly")
    };
    if topology.with_role(Role::Worker).any(polls) {
        STALLED.max(expected(evidence, topology).cycle())
    } else {
        STALLED
    }
}

/// The same without what is not to be seen, however long one looks: instances that do not run, and namespaces that an
/// instance did not find at its boot.
pub fn expected_of_running(evidence: &Evidence, topology: &Topology) -> postgres::Expected {
    let mut expected = expected(evidence, topology);
    if let Observed::Seen(system) = &evidence.system {
        expected
            .namespaces
            .retain(|instance, _| system.runs(instance));
        expected.workers.retain(|_, instance| system.runs(instance));
    }
    for (instance, namespaces) in &mut expected.namespaces {
        let identity = evidence.identities.get(instance).and_then(|it| it.ok());
        if let Some(identity) = identity {
            namespaces.retain(|name| identity.namespaces.contains(name));
        }
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker that serves so many namespaces, under a profile.
    fn waits(profile: &str, namespaces: usize) -> Duration {
        let mut evidence = Evidence::of_topology(&Selection {
            profile: Some(profile.into()),
            ..Selection::default()
        });
        for root in evidence.configuration.template_roots.values_mut() {
            let template = root.templates[0].clone();
            root.templates = (0..namespaces)
                .map(|number| crate::evidence::Template {
                    namespace: format!("mail_{number}"),
                    ..template.clone()
                })
                .collect();
        }
        let topology = evidence.topology.seen_mut().clone();
        patience(&evidence, &topology)
    }

    #[test]
    fn nobody_is_waited_for_at_a_queue_that_its_worker_did_not_find_at_its_boot() {
        let mut evidence = Evidence::healthy();
        let topology = evidence.topology.seen_mut().clone();
        let waited_for = |evidence: &Evidence| {
            let expected = expected_of_running(evidence, &topology);
            expected.namespaces["worker-rust-1"].clone()
        };
        assert_eq!(waited_for(&evidence), ["mail".to_owned()].into());

        let identity = evidence.identities.get_mut("worker-rust-1").unwrap();
        identity.seen_mut().namespaces = vec!["default".into()];

        assert_eq!(waited_for(&evidence), [].into());
    }

    #[test]
    fn whoever_only_polls_is_waited_for_until_it_comes_round() {
        assert_eq!(waits("polling", 9), Duration::from_secs(45));
        assert_eq!(waits("polling", 1), STALLED);
        assert_eq!(waits("stock", 9), STALLED);
    }
}
