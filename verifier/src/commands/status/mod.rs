//! `status`: one line an instance.

mod watch;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::gather::{Depth, begin, gather};
use crate::cli::{ListFormat, StatusArgs};
use crate::collect::endpoints;
use crate::collect::progress::Progress;
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::exit;
use crate::project::Project;
use crate::topology::{Role, Topology};

/// The cluster that runs, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClusterStatus {
    /// Version, and the checkout that it was built from.
    pub engine: String,
    pub profile: String,
    pub mode: String,
    pub instances: Vec<InstanceStatus>,
}

/// What `status` says of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceStatus {
    pub instance: String,
    pub status: Health,
    pub pid: Option<u32>,
    pub port: u16,
    /// Seconds since the process started.
    pub uptime_seconds: Option<i64>,
    pub restarts: u32,
    /// The engine's id of the instance in the database.
    pub database_id: Option<String>,
    pub namespaces: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Runs, has written its identity record, and says that it is ready.
    Healthy,
    /// Runs; health was not asked for.
    Running,
    /// Runs and is not ready.
    NotReady,
    Stopped,
    /// Its process could not be looked for.
    Unknown,
}

impl Health {
    const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Running => "running",
            Self::NotReady => "not ready",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }
}

pub fn run(given: Option<&Path>, args: &StatusArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let seen = if args.watch {
        super::block_on(watch::follow(&project, args))??
    } else {
        let progress = Progress::new();
        let seen = super::block_on(now(&project, args, &progress))??;
        super::print(&match args.output {
            ListFormat::Table => table(&seen),
            ListFormat::Json => format!("{:#}\n", serde_json::json!(seen)),
        })?;
        seen
    };
    let wanted = if args.quick {
        Health::Running
    } else {
        Health::Healthy
    };
    Ok(ExitCode::from(status(&seen.instances, wanted)))
}

/// Whoever is not well is told before whoever could not be seen.
fn status(instances: &[InstanceStatus], wanted: Health) -> u8 {
    let is_other = |it: &&InstanceStatus| it.status != wanted;
    let mut others = instances.iter().filter(is_other).peekable();
    if others.peek().is_none() {
        exit::PASSED
    } else if others.all(|it| it.status == Health::Unknown) {
        exit::UNKNOWN
    } else {
        exit::FINDINGS
    }
}

/// The instances that were asked for, as they are now.
async fn now(project: &Project, args: &StatusArgs, progress: &Progress) -> Result<ClusterStatus> {
    let evidence = look(project, !args.quick, progress).await?;
    let topology = topology(&evidence)?;
    let mut seen = ClusterStatus {
        engine: topology.engine.to_string(),
        profile: topology.profile.clone(),
        mode: topology.kind(),
        instances: instances(&evidence, topology, !args.quick),
    };
    if args.names.is_empty() {
        return Ok(seen);
    }
    let mut meant = BTreeSet::new();
    for name in &args.names {
        let ids = called(topology, name);
        if ids.is_empty() {
            let services: Vec<&str> = topology
                .services
                .iter()
                .map(|service| service.name.as_str())
                .collect();
            return Err(Error::Usage(format!(
                "no service or instance `{name}` in this cluster; its services are {}",
                services.join(", ")
            )));
        }
        meant.extend(ids);
    }
    seen.instances
        .retain(|instance| meant.contains(instance.instance.as_str()));
    Ok(seen)
}

/// The instances that a service, an instance or `workers` means.
fn called<'a>(topology: &'a Topology, name: &str) -> Vec<&'a str> {
    topology
        .instances()
        .filter(|(service, instance)| {
            instance.id == name
                || service.name == name
                || (name == "workers" && service.role == Role::Worker)
        })
        .map(|(_, instance)| instance.id.as_str())
        .collect()
}

/// The instances that are not healthy now, and what they are instead.
///
/// # Errors
/// The cluster's description does not parse.
pub async fn unhealthy(project: &Project) -> Result<Vec<String>> {
    // Whoever waits says so: there is one line for both.
    let evidence = look(project, true, &Progress::hidden()).await?;
    let topology = topology(&evidence)?;
    let instances = instances(&evidence, topology, true);
    let others = instances
        .iter()
        .filter(|instance| instance.status != Health::Healthy);
    Ok(others
        .map(|it| format!("{} ({})", it.instance, it.status.word()))
        .collect())
}

async fn look(project: &Project, with_health: bool, progress: &Progress) -> Result<Evidence> {
    let mut evidence = begin(project)?;
    gather(project, &mut evidence, Depth::System, progress).await?;
    if let (true, Some(topology)) = (with_health, evidence.topology.ok()) {
        evidence.endpoints = endpoints::collect(topology).await;
    }
    Ok(evidence)
}

fn topology(evidence: &Evidence) -> Result<&Topology> {
    evidence
        .topology
        .ok()
        .ok_or_else(|| Error::Configuration(evidence.configuration.problems.clone()))
}

fn instances(evidence: &Evidence, topology: &Topology, with_health: bool) -> Vec<InstanceStatus> {
    topology
        .instances()
        .map(|(_, instance)| {
            let id = &instance.id;
            let process = evidence
                .system
                .ok()
                .and_then(|system| system.of_instance(id));
            let identity = evidence
                .identities
                .get(id)
                .and_then(|identity| identity.ok());
            let identity = identity.filter(|identity| Some(identity.pid) == process.map(|p| p.pid));
            let ready = evidence
                .endpoints
                .get(id)
                .and_then(|endpoints| endpoints.ready.ok())
                .is_some_and(|answer| answer.status == 200);
            let status = match (process, with_health) {
                (None, _) if evidence.system.ok().is_none() => Health::Unknown,
                (None, _) => Health::Stopped,
                (Some(_), false) => Health::Running,
                (Some(_), true) if ready && identity.is_some() => Health::Healthy,
                (Some(_), true) => Health::NotReady,
            };
            let supervised = evidence
                .supervisor
                .ok()
                .and_then(|supervisor| supervisor.processes.get(id));
            InstanceStatus {
                instance: id.clone(),
                status,
                pid: process.map(|process| process.pid),
                port: instance.port,
                uptime_seconds: process
                    .and_then(|process| process.started_at)
                    .map(|started| (evidence.taken_at - started).num_seconds().max(0)),
                restarts: supervised.map_or(0, |supervised| supervised.restarts),
                database_id: identity.and_then(|identity| {
                    identity
                        .worker_uuid
                        .clone()
                        .or_else(|| identity.processor_uuid.clone())
                }),
                namespaces: identity
                    .map(|identity| identity.namespaces.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn table(seen: &ClusterStatus) -> String {
    let instances = &seen.instances;
    let well = instances
        .iter()
        .filter(|instance| matches!(instance.status, Health::Healthy | Health::Running))
        .count();
    let mut text = format!(
        "{:<18} {:<10} {:>8} {:>6} {:>8} {:>9}  {}\n",
        "INSTANCE", "STATUS", "PID", "PORT", "UPTIME", "RESTARTS", "NAMESPACES"
    );
    for instance in instances {
        text.push_str(&format!(
            "{:<18} {:<10} {:>8} {:>6} {:>8} {:>9}  {}\n",
            instance.instance,
            instance.status.word(),
            instance
                .pid
                .map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            instance.port,
            instance
                .uptime_seconds
                .map_or_else(|| "-".to_owned(), uptime),
            instance.restarts,
            instance.namespaces.len(),
        ));
    }
    text.push_str(&format!(
        "{well} of {} instances are well: engine {}, profile {}, mode {}\n",
        instances.len(),
        seen.engine,
        seen.profile,
        seen.mode
    ));
    if well < instances.len() {
        text.push_str("next: `./dev logs INSTANCE`, or `./dev up --wait` when nothing runs\n");
    }
    text
}

fn uptime(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Observed;

    fn seen(evidence: &Evidence) -> Vec<InstanceStatus> {
        instances(evidence, evidence.topology.ok().unwrap(), false)
    }

    #[test]
    fn an_instance_that_nobody_could_look_for_is_not_called_stopped() {
        let mut evidence = Evidence::healthy();
        let processes = &mut evidence.system.seen_mut().processes;
        processes.retain(|process| process.pid != 100);
        let one_is_gone = seen(&evidence);
        assert_eq!(one_is_gone[0].status, Health::Stopped);
        assert_eq!(status(&one_is_gone, Health::Running), exit::FINDINGS);

        evidence.system = Observed::unseen("processes", "the thread ended");
        let nobody_knows = seen(&evidence);
        let unknown = |it: &InstanceStatus| it.status == Health::Unknown;
        assert!(nobody_knows.iter().all(unknown), "{nobody_knows:?}");
        assert_eq!(status(&nobody_knows, Health::Running), exit::UNKNOWN);
    }
}
