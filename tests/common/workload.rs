//! What the workers of this cluster run, by `config/workloads.toml`.

use anyhow::{Result, anyhow, ensure};
use cluster_verify::topology::{Workload, Workloads};
use tasker_shared::models::core::task_request::TaskRequest;

use crate::{ClusterConfig, Environment, create_task_request};

/// Every workload of a language; none where the cluster has no worker of it.
///
/// # Errors
/// The file does not parse.
pub fn of_language(language: &str) -> Result<Vec<Workload>> {
    let all = workloads()?.into_iter();
    Ok(all
        .filter(|workload| workload.language == language)
        .collect())
}

/// Every workload that the running cluster has a worker for.
///
/// # Errors
/// The file does not parse, or there is none: what goes over all of them would pass without a task.
pub fn workloads() -> Result<Vec<Workload>> {
    let root = &Environment::get().project.root;
    let workloads = Workloads::load(root).map_err(|problem| anyhow!("{problem}"))?;
    let served =
        |workload: &Workload| !ClusterConfig::worker_urls_of(&workload.language).is_empty();
    let served: Vec<Workload> = workloads.all.into_iter().filter(served).collect();
    ensure!(
        !served.is_empty(),
        "this cluster has no worker for any workload of config/workloads.toml: ./dev up --wait"
    );
    Ok(served)
}

/// A request for one task of it.
pub fn request_for(workload: &Workload) -> TaskRequest {
    create_task_request(
        &workload.namespace,
        &workload.template,
        workload.context.clone(),
    )
}
