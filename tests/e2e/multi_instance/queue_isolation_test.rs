//! A task's steps are in its own namespace's queue alone, and run by that namespace's workers alone.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use cluster_verify::collect::witness;
use sqlx::PgPool;
use uuid::Uuid;

use crate::common::{
    Environment, LifecycleTestManager, MultiInstanceTestManager, request_for, turn, workloads,
};

const PATIENCE: Duration = Duration::from_secs(150);

/// Queues of workers that have, or had, a message that names the task.
async fn queues_with(pool: &PgPool, task: Uuid) -> Result<Vec<String>> {
    let queues: Vec<String> = sqlx::query_scalar(
        "SELECT queue_name::text FROM pgmq.meta WHERE queue_name LIKE 'worker\\_%\\_queue' ORDER BY 1",
    )
    .fetch_all(pool)
    .await?;
    let mut found = Vec::new();
    for queue in queues {
        let name = queue.replace('"', "\"\"");
        let query = format!(
            "SELECT EXISTS (SELECT FROM pgmq.\"q_{name}\" WHERE message->>'task_uuid' = $1) \
                 OR EXISTS (SELECT FROM pgmq.\"a_{name}\" WHERE message->>'task_uuid' = $1)"
        );
        let there: bool = sqlx::query_scalar(&query)
            .bind(task.to_string())
            .fetch_one(pool)
            .await?;
        if there {
            found.push(queue);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn steps_stay_in_their_namespaces_queue_and_with_its_workers() -> Result<()> {
    let _turn = turn::beside_others()?;
    let environment = Environment::get();
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let canaries: Vec<_> = workloads()?
        .into_iter()
        .filter(|workload| workload.canary)
        .collect();
    let mut tasks = BTreeMap::new();
    for workload in &canaries {
        let mut sent = manager
            .try_create_tasks_concurrent(vec![request_for(workload)])
            .await
            .remove(0);
        tasks.insert(sent.task()?, workload);
        sent.expected = workload.results.clone();
        manager.note(sent);
    }
    let all: Vec<Uuid> = tasks.keys().copied().collect();

    manager
        .wait_for_tasks_completion(all.clone(), PATIENCE)
        .await?;

    for (task, workload) in &tasks {
        let queues = queues_with(&database.databases.queues, *task).await?;
        let own = format!("worker_{}_queue", workload.namespace);
        ensure!(
            queues == [own],
            "task {task} of {}: {queues:?}",
            workload.namespace
        );
        let runs = witness::of_task(&environment.project, *task);
        let runs = runs.seen().map_err(|unseen| anyhow!("{unseen}"))?;
        ensure!(!runs.is_empty(), "no witness of task {task}");
        for run in runs.iter().flat_map(|step| &step.runs) {
            let service = environment
                .topology
                .instance(&run.instance)
                .map(|(service, _)| service);
            let language = service.and_then(|service| service.language.as_deref());
            ensure!(
                language == Some(workload.language.as_str()),
                "a step of task {task} of {} was run by {}",
                workload.namespace,
                run.instance
            );
        }
    }
    manager.judge(&all).await?.accept()
}
