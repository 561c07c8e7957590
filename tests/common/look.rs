//! The evidence of the tasks that a test sent: what became of each, in the database and through every server.

use std::collections::HashSet;

use anyhow::Result;
use cluster_verify::collect::canary::AT_REST;
use cluster_verify::collect::postgres::{self, Databases};
use cluster_verify::collect::progress::Progress;
use cluster_verify::commands::gather::begin;
use cluster_verify::commands::gather_tasks::gather_tasks;
use cluster_verify::evidence::{Canaries, Canary, CreateOutcome, Evidence, Observed, Unseen};
use tasker_client::OrchestrationApiClient;
use uuid::Uuid;

use crate::Environment;
use crate::sent::{Sent, read_everywhere};

/// Where the tasks of a workload that must fail come to rest.
const FAILED: &str = "blocked_by_failures";

/// The evidence of these tasks; of those that must fail another one, since they must come to rest elsewhere.
pub async fn look(
    environment: &Environment,
    sent: &[Sent],
    clients: &[OrchestrationApiClient],
) -> Result<(Evidence, Option<Evidence>)> {
    let project = &environment.project;
    let mut evidence = begin(project)?;
    let pool = postgres::connect(project, &environment.topology)
        .await
        .map_err(not_seen)?;
    let mut tasks = Vec::new();
    for one in sent {
        tasks.push(look_back(&pool, clients, one).await.map_err(not_seen)?);
    }
    let progress = Progress::hidden();
    gather_tasks(project, &mut evidence, &pool, &mut tasks, &progress, |_| ()).await?;
    pool.close().await;
    let must_fail: HashSet<Uuid> = sent
        .iter()
        .filter(|sent| sent.must_fail)
        .map(|sent| sent.request.correlation_id)
        .collect();
    let (failed, completed): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| {
        let correlation = task.correlation_id.parse::<Uuid>();
        correlation.is_ok_and(|id| must_fail.contains(&id))
    });
    let of_failed = (!failed.is_empty()).then(|| Evidence {
        canaries: canaries(failed, Some(FAILED)),
        ..evidence.clone()
    });
    if !completed.is_empty() {
        evidence.canaries = canaries(completed, None);
    }
    Ok((evidence, of_failed))
}

fn canaries(tasks: Vec<Canary>, end: Option<&str>) -> Observed<Canaries> {
    Observed::Seen(Canaries {
        tasks,
        end: end.map(str::to_owned),
        ..Canaries::default()
    })
}

/// What became of one create, in the database and through every server.
async fn look_back(
    pool: &Databases,
    clients: &[OrchestrationApiClient],
    sent: &Sent,
) -> Result<Canary, Unseen> {
    let mut canary = sent.canary();
    let correlation = sent.request.correlation_id;
    if let CreateOutcome::Indeterminate { task_uuid, .. } = &mut canary.create {
        let task = postgres::task_of_correlation(pool, correlation).await?;
        *task_uuid = task.map(|task| task.to_string());
    }
    // A task that failed may still be moved on by a second server: what is compared is of one state.
    loop {
        let mut before = None;
        if let Some(task) = uuid(&canary) {
            before = postgres::settled_states(pool, &[task]).await?.remove(&task);
            canary.last_readings = read_everywhere(clients, task).await;
        }
        postgres::look_back(pool, std::slice::from_mut(&mut canary)).await?;
        if before == canary.database_state {
            break;
        }
    }
    let at_rest = canary
        .database_state
        .as_deref()
        .is_some_and(|state| AT_REST.contains(&state));
    canary.finished_ms = at_rest.then_some(canary.create_ms);
    Ok(canary)
}

fn uuid(canary: &Canary) -> Option<Uuid> {
    canary.create.task_uuid()?.parse().ok()
}

pub fn not_seen(unseen: Unseen) -> anyhow::Error {
    anyhow::anyhow!("{unseen}")
}
