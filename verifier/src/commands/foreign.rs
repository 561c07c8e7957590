//! Looks at a cluster that is known by its addresses alone.

use std::path::Path;

use super::gather::Depth;
use super::past;
use crate::collect::canary::{STALLED, Sender};
use crate::collect::postgres::{Databases, Past};
use crate::collect::progress::Progress;
use crate::collect::servers::Servers;
use crate::collect::{domain_events, due, endpoints, postgres};
use crate::error::{Error, Result};
use crate::evidence::{Configuration, Evidence, Observed, Unseen};
use crate::topology::{ForeignCluster, Role, Workload, Workloads};

/// Reads the description: a file, or `env` for the variables of tests.
///
/// # Errors
/// It does not parse, or names no server.
pub fn describe(given: &Path) -> Result<ForeignCluster> {
    let described = if given == Path::new("env") {
        ForeignCluster::from_variables(std::env::vars())
    } else {
        ForeignCluster::from_file(given, |name| std::env::var(name).ok())
    };
    described.map_err(|problem| Error::Configuration(vec![problem]))
}

/// Everything that HTTP and the database show; the rest stays unseen, with the reason.
///
/// # Errors
/// The file of the workloads does not parse.
pub async fn look(cluster: &ForeignCluster, depth: Depth, progress: &Progress) -> Result<Evidence> {
    let topology = cluster.topology();
    let mut evidence = Evidence::blank(Observed::Seen(topology.clone()), Configuration::default());
    evidence.system = unseen("processes");
    evidence.supervisor = unseen("the supervisor");
    evidence.witness = unseen("witness files");
    evidence.tools = unseen("the shell's tools");
    for (_, instance) in topology.instances() {
        let id = &instance.id;
        evidence
            .identities
            .insert(id.clone(), unseen(&format!("the identity record of {id}")));
        evidence
            .logs
            .insert(id.clone(), unseen(&format!("the log of {id}")));
    }
    progress.say("health");
    evidence.endpoints = endpoints::collect(&topology).await;
    let (databases, held) = match past::hold(connect(cluster)).await {
        Ok(opened) => opened,
        Err(unseen) => {
            evidence.database = Observed::Unseen(unseen.clone());
            evidence.subscriptions = Observed::Unseen(unseen.clone());
            evidence.canaries = Observed::Unseen(unseen.clone());
            evidence.history = Observed::Unseen(unseen);
            return Ok(evidence);
        }
    };
    let past = match depth {
        Depth::Full { past, pace, .. } => {
            let canaries = canaries(cluster)?;
            let sent: Vec<&Workload> = canaries.iter().collect();
            evidence.canaries = if sent.is_empty() {
                Observed::unseen("canaries", "the cluster's description names no `workloads`")
            } else {
                let servers = topology.with_role(Role::Orchestration);
                let servers: Vec<&str> = servers.map(|(_, server)| server.id.as_str()).collect();
                let errands = due::all(&sent, &servers);
                match Servers::of(&topology, None) {
                    Ok(servers) => {
                        let sender = Sender {
                            servers: &servers,
                            pool: &databases,
                            pace,
                            patience: STALLED,
                            progress,
                        };
                        sender.send(&errands).await
                    }
                    Err(unseen) => Observed::Unseen(unseen),
                }
            };
            if let Observed::Seen(sent) = &mut evidence.canaries
                && let Err(unseen) =
                    domain_events::collect(&databases, &evidence.configuration, &mut sent.tasks)
                        .await
            {
                evidence.canaries = Observed::Unseen(unseen);
            }
            let expected = postgres::Expected::default();
            let subscriptions = postgres::subscriptions(&databases, &expected, progress).await;
            evidence.subscriptions = subscriptions.into();
            Past { pace, ..past }
        }
        Depth::Quick { past, .. } => past,
        Depth::Files | Depth::System | Depth::Subscriptions => Past::default(),
    };
    past::look(&databases, &mut evidence, past, progress).await;
    if matches!(depth, Depth::Full { .. }) && cluster.workloads.is_some() {
        past::age_out(&databases, held, &mut evidence, progress).await;
    }
    databases.close().await;
    Ok(evidence)
}

/// Opens its databases.
///
/// # Errors
/// Why they cannot be looked at, or that there is no address.
pub async fn connect(cluster: &ForeignCluster) -> std::result::Result<Databases, Unseen> {
    match &cluster.database {
        Some(url) => postgres::connect_to(url, cluster.queues.as_deref()).await,
        None => Err(Unseen::new("the database", "no address of it was given")),
    }
}

fn unseen<T>(what: &str) -> Observed<T> {
    Observed::unseen(what, "the cluster was given by its addresses alone")
}

fn canaries(cluster: &ForeignCluster) -> Result<Vec<Workload>> {
    let Some(file) = &cluster.workloads else {
        return Ok(Vec::new());
    };
    let workloads = Workloads::load_file(Path::new(file))
        .map_err(|problem| Error::Configuration(vec![problem]))?;
    Ok(workloads.canaries().cloned().collect())
}
