//! Asks the operating system for the cluster's processes and listeners.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::DateTime;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::listening::listeners;
use crate::evidence::{Listener, Observed, OsProcess, SystemView};
use crate::project::Project;
use crate::topology::Topology;

/// Every process that belongs to the cluster or holds one of its ports.
pub fn collect(project: &Project, topology: &Topology) -> Observed<SystemView> {
    let ports: BTreeSet<u16> = topology
        .instances()
        .map(|(_, instance)| instance.port)
        .chain([topology.database.port])
        .collect();
    let system = refreshed();
    let all = system.processes().values().map(|process| {
        let mut described = describe(process);
        described.of_another_cluster = is_of_another_cluster(project, &described);
        (described, process)
    });
    let all: Vec<(OsProcess, &sysinfo::Process)> = all.collect();
    let pid_files = pid_files(project, topology);
    let parent = |pid| {
        let process = system.process(sysinfo::Pid::from_u32(pid))?;
        process.parent().map(sysinfo::Pid::as_u32)
    };
    let is_likely = |it: &OsProcess| {
        let has_pid_file = pid_files.values().any(|pid| *pid == it.pid);
        has_pid_file || it.instance().is_some() || is_first_of_postgres(it, &system)
    };
    let mut pids: Vec<(bool, u32)> = all
        .iter()
        .map(|(described, _)| (!is_likely(described), described.pid))
        .collect();
    pids.sort_unstable();
    let pids = pids.into_iter().map(|(_, pid)| pid).collect();
    let listeners = match listeners(&ports, pids) {
        Ok(found) => without_children(found, parent),
        Err(why) => return Observed::unseen("listening sockets", why),
    };
    let named: BTreeSet<u32> = listeners
        .iter()
        .map(|listener| listener.pid)
        .chain(pid_files.values().copied())
        .collect();
    let of_cluster = all
        .into_iter()
        .filter(|(described, _)| named.contains(&described.pid) || belongs(project, described));
    let processes = of_cluster.map(|(mut described, process)| {
        // Costs a look at every descriptor, and PostgreSQL alone has dozens of processes.
        if described.instance().is_some() {
            described.descriptors = descriptors(process);
        }
        described
    });
    let processes = processes.collect();
    Observed::Seen(SystemView {
        processes,
        listeners,
        pid_files,
    })
}

/// All others are its children.
fn is_first_of_postgres(process: &OsProcess, system: &System) -> bool {
    let parent = process.parent.map(sysinfo::Pid::from_u32);
    let parent = parent.and_then(|parent| system.process(parent));
    process.name == "postgres" && parent.is_none_or(|parent| parent.name() != "postgres")
}

/// Where one process works; none where it has ended or is another user's.
pub fn working_folder(pid: u32) -> Option<PathBuf> {
    let pid = sysinfo::Pid::from_u32(pid);
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing()
        .with_cwd(UpdateKind::Always)
        .without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    system.process(pid)?.cwd().map(Path::to_path_buf)
}

/// Children inherit a socket: PostgreSQL's forty backends hold its port as their parent does.
fn without_children(
    listeners: Vec<Listener>,
    parent: impl Fn(u32) -> Option<u32>,
) -> Vec<Listener> {
    let holders: BTreeSet<(u16, u32)> = listeners.iter().map(|it| (it.port, it.pid)).collect();
    let inherited =
        |it: &Listener| parent(it.pid).is_some_and(|parent| holders.contains(&(it.port, parent)));
    listeners.into_iter().filter(|it| !inherited(it)).collect()
}

/// An instance of this project's cluster; one that names no state folder, by where it works.
fn belongs(project: &Project, process: &OsProcess) -> bool {
    process.instance().is_some()
        && !process.of_another_cluster
        && (process.variable("TASKER_RUN_DIR").is_some()
            || process
                .working_folder
                .as_deref()
                .is_some_and(|it| is_below(it, &project.root) || is_below(it, &project.state)))
}

fn is_of_another_cluster(project: &Project, process: &OsProcess) -> bool {
    ["TASKER_RUN_DIR", "TASKER_CLUSTER_STATE"]
        .into_iter()
        .any(|name| {
            process
                .variable(name)
                .is_some_and(|folder| !is_below(folder, &project.state))
        })
}

/// As written, or as it is once links are followed.
fn is_below(path: &str, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let path = Path::new(path);
    path.starts_with(folder) || real(path).starts_with(real(folder))
}

fn descriptors(process: &sysinfo::Process) -> Option<(u64, u64)> {
    let open = u64::try_from(process.open_files()?).ok()?;
    Some((open, u64::try_from(process.open_files_limit()?).ok()?))
}

fn refreshed() -> System {
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing()
        .with_cmd(UpdateKind::Always)
        .with_exe(UpdateKind::Always)
        .with_cwd(UpdateKind::Always)
        .with_environ(UpdateKind::Always)
        .with_memory()
        .without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    system
}

fn describe(process: &sysinfo::Process) -> OsProcess {
    let environment: BTreeMap<String, String> = process
        .environ()
        .iter()
        .filter_map(|entry| entry.to_str()?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let started = i64::try_from(process.start_time()).ok();
    OsProcess {
        pid: process.pid().as_u32(),
        parent: process.parent().map(sysinfo::Pid::as_u32),
        name: process.name().to_string_lossy().into_owned(),
        executable: process.exe().map(|path| path.display().to_string()),
        command: process
            .cmd()
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        working_folder: process.cwd().map(|path| path.display().to_string()),
        state: format!("{:?}", process.status()),
        started_at: started.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        memory: process.memory(),
        descriptors: None,
        of_another_cluster: false,
        environment: (!environment.is_empty()).then_some(environment),
    }
}

fn pid_files(project: &Project, topology: &Topology) -> BTreeMap<String, u32> {
    topology
        .instances()
        .filter_map(|(_, instance)| {
            let path = project
                .state
                .join("pids")
                .join(format!("{}.pid", instance.id));
            let pid = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
            Some((instance.id.clone(), pid))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_parent_and_its_children_the_parent_holds_the_port() {
        let listener = |port, pid| Listener {
            port,
            address: "127.0.0.1".into(),
            pid,
            process: "postgres".into(),
        };
        let all = [
            (15432, 10),
            (15432, 11),
            (15432, 12),
            (8080, 11),
            (8081, 20),
        ];
        let all = all.into_iter().map(|(port, pid)| listener(port, pid));

        let held = without_children(all.collect(), |pid| match pid {
            11 | 12 => Some(10),
            _ => Some(1),
        });

        let held: Vec<(u16, u32)> = held.iter().map(|it| (it.port, it.pid)).collect();
        assert_eq!(held, [(15432, 10), (8080, 11), (8081, 20)]);
    }
}
