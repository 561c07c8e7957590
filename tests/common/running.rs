//! Whether all that a test needs runs at all.

use anyhow::{Result, bail};
use cluster_verify::collect::system;

use crate::Environment;

/// Fails at once where one of these addresses is that of an instance without a process: however long a test
/// waited for it, it would not get ready.
///
/// # Errors
/// The instances that do not run.
pub(crate) fn all_run<'a>(urls: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let environment = Environment::get();
    let topology = &environment.topology;
    let system = system::collect(&environment.project, topology);
    // Where the processes cannot be seen, the wait for the instances tells what is wrong with them.
    let Some(system) = system.ok() else {
        return Ok(());
    };
    let instances = urls.into_iter().map(|url| environment.instance_at(url));
    let is_gone = |id: &String| topology.instance(id).is_some() && !system.runs(id);
    let gone: Vec<String> = instances.filter(is_gone).collect();
    if !gone.is_empty() {
        bail!(
            "{} of this cluster's instances do not run: {}: ./dev status, then ./dev up --wait",
            gone.len(),
            gone.join(", ")
        );
    }
    Ok(())
}
