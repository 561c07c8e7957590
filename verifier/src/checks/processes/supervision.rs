//! Which processes of the cluster the supervisor knows, and which it does not.

use super::port_holder::foreign_listener;
use crate::evidence::{Evidence, OsProcess, Supervisor, SystemView, Unseen};
use crate::topology::Topology;

/// The processes that carry an instance's id, by id.
///
/// One that holds an instance's port in its place is left out: it has a code of its own.
///
/// # Errors
/// The topology or the processes were not seen.
pub fn carriers(evidence: &Evidence) -> Result<Vec<(&str, Vec<&OsProcess>)>, Unseen> {
    let topology = evidence.topology.seen()?;
    let system = evidence.system.seen()?;
    let mut ids: Vec<&str> = system
        .processes
        .iter()
        .filter_map(OsProcess::instance)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let strangers = strangers(topology, system, evidence.supervisor.ok());
    Ok(ids
        .into_iter()
        .map(|id| {
            let mut carriers = system.carriers(id);
            carriers.retain(|process| !strangers.contains(&process.pid));
            carriers.sort_by_key(|process| process.pid);
            (id, carriers)
        })
        .collect())
}

fn strangers(
    topology: &Topology,
    system: &SystemView,
    supervisor: Option<&Supervisor>,
) -> Vec<u32> {
    topology
        .instances()
        .filter_map(|(_, instance)| foreign_listener(system, supervisor, instance))
        .map(|listener| listener.pid)
        .collect()
}

/// Whether the supervisor started the process, itself or by way of another one.
pub fn is_supervised(supervisor: &Supervisor, process: &OsProcess) -> bool {
    supervisor
        .processes
        .values()
        .filter(|known| known.pid != 0)
        .any(|known| known.pid == process.pid || Some(known.pid) == process.parent)
}
