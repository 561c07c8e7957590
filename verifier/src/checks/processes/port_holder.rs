//! Who holds an instance's port: itself, or somebody who answers in its place.

use crate::evidence::{Listener, OsProcess, Supervised, Supervisor, SystemView};
use crate::topology::Instance;

/// The listener on the instance's port that is not the instance.
///
/// A process that carries the instance's id counts as the instance unless the
/// supervisor runs another one under that id: then it is a stale copy.
pub fn foreign_listener<'a>(
    system: &'a SystemView,
    supervisor: Option<&Supervisor>,
    instance: &Instance,
) -> Option<&'a Listener> {
    let supervised = supervisor.and_then(|supervisor| supervisor.processes.get(&instance.id));
    system
        .listeners
        .iter()
        .filter(|listener| listener.port == instance.port)
        .find(|listener| !is_the_instance(system, supervised, instance, listener.pid))
}

fn is_the_instance(
    system: &SystemView,
    supervised: Option<&Supervised>,
    instance: &Instance,
    pid: u32,
) -> bool {
    let holder = system.process(pid);
    if let Some(supervised) = supervised.filter(|it| it.pid != 0 && it.is_kept_up()) {
        let parent = holder.and_then(|holder| holder.parent);
        return pid == supervised.pid || parent == Some(supervised.pid);
    }
    match holder.and_then(OsProcess::instance) {
        Some(id) => id == instance.id,
        // An environment that cannot be read leaves the pid file's word.
        None => system.pid_files.get(&instance.id) == Some(&pid),
    }
}
