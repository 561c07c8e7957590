//! Runs the collectors that a command needs and puts their evidence together.

use std::collections::{BTreeMap, BTreeSet};

use crate::collect::progress::Progress;
use crate::collect::{
    canary, configuration, domain_events, endpoints, identity, log, postgres, probe, supervisor,
    system, tools, witness,
};
use crate::error::{Error, Result};
use crate::evidence::{Configuration, Evidence, Observed};
use crate::project::Project;
use crate::topology::{self, Role, Selection, Topology, Workload, Workloads};

/// How deep to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The project's files.
    Files,
    /// Also processes and the supervisor.
    System,
    /// Also HTTP and the database's catalogue.
    Quick { since_seconds: Option<u64> },
    /// Also who takes from which queue, until proven; no canaries, no history.
    Subscriptions,
    /// Also canaries, subscriptions until proven, and history.
    Full { since_seconds: Option<u64> },
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
    evidence.system = system::collect(project, &topology);
    evidence.supervisor = supervisor::collect(project).await;
    evidence.identities = identity::collect(project, &topology);
    if let Observed::Seen(system) = &evidence.system {
        configuration::add_live_roots(project, &mut evidence.configuration, system);
    }
    if depth == Depth::System {
        return Ok(());
    }
    evidence.logs = log::collect(project, &topology);
    progress.say("tools");
    evidence.tools = tools::collect(project).await;
    progress.say("health");
    evidence.endpoints = endpoints::collect(&topology).await;
    let pool = match postgres::connect(project, &topology).await {
        Ok(pool) => pool,
        Err(unseen) => {
            evidence.database = Observed::Unseen(unseen.clone());
            evidence.subscriptions = Observed::Unseen(unseen.clone());
            evidence.canaries = Observed::Unseen(unseen.clone());
            evidence.history = Observed::Unseen(unseen);
            evidence.witness = witness::collect(project, None);
            return Ok(());
        }
    };
    let since_seconds = match depth {
        Depth::Quick { since_seconds } => since_seconds,
        Depth::Full { since_seconds } => {
            // Subscriptions show while the canaries run, and work by the canaries proves some of them.
            let expected = expected(evidence, &topology);
            let workloads = Workloads::load(&project.root)
                .map_err(|problem| Error::Configuration(vec![problem]))?;
            let canaries_of = served(evidence, &topology, &workloads);
            let (canaries, subscriptions) = futures::join!(
                canary::send(&topology, &canaries_of, &pool, progress),
                postgres::subscriptions(&pool, &expected, progress),
            );
            evidence.canaries = canaries;
            if let Observed::Seen(sent) = &mut evidence.canaries {
                // After the canaries: what is cancelled or refused on purpose must not get in their way.
                let (twins, cancellation, events) = futures::join!(
                    probe::twins(&topology, &canaries_of, &pool),
                    probe::cancel(&topology, &canaries_of, &pool),
                    domain_events::collect(&pool, &evidence.configuration, &mut sent.tasks),
                );
                sent.twins = twins;
                sent.cancellation = cancellation;
                if let Err(unseen) = events {
                    evidence.canaries = Observed::Unseen(unseen);
                }
            }
            evidence.subscriptions = subscriptions.into();
            since_seconds
        }
        Depth::Files | Depth::System | Depth::Subscriptions => None,
    };
    evidence.database = postgres::catalogue(&pool).await.into();
    if depth == Depth::Subscriptions {
        let expected = expected(evidence, &topology);
        evidence.subscriptions = postgres::subscriptions(&pool, &expected, progress)
            .await
            .into();
        return Ok(());
    }
    progress.say("history");
    evidence.history = postgres::history(&pool, since_seconds, progress)
        .await
        .into();
    if let Observed::Seen(view) = &mut evidence.history
        && let Err(failed) = postgres::follow_up(&pool, view, evidence.taken_at).await
    {
        evidence.history = Observed::Unseen(failed);
    }
    evidence.witness = witness::collect(project, since_seconds);
    if let Observed::Seen(view) = &mut evidence.witness {
        // After the files, so that a result is never missing only because it came later.
        let steps: Vec<_> = view.repeated.iter().map(|step| step.step).collect();
        view.audits = postgres::audits(&pool, &steps).await.into();
    }
    pool.close().await;
    Ok(())
}

/// Which worker should take from which namespace, by its rendered template root.
fn expected(evidence: &Evidence, topology: &Topology) -> postgres::Expected {
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
    postgres::Expected {
        namespaces,
        workers,
    }
}

/// The same without instances that do not run: nothing is to be seen of them, however long one looks.
pub fn expected_of_running(evidence: &Evidence, topology: &Topology) -> postgres::Expected {
    let mut expected = expected(evidence, topology);
    if let Observed::Seen(system) = &evidence.system {
        expected
            .namespaces
            .retain(|instance, _| system.runs(instance));
        expected.workers.retain(|_, instance| system.runs(instance));
    }
    expected
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
