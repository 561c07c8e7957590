//! Two tries that a canary does not make: the same task asked of all servers at once, and a task cancelled.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::canary::{CANARY_KEY, outcome, read_everywhere};
use super::endpoints::{client, fetch};
use super::postgres;
use crate::evidence::{Cancellation, CreateOutcome, Twins};
use crate::topology::{Role, Topology, Workload};

/// The cancelled task sleeps so long: long enough to be at work when it is cancelled.
const SLEEP_MS: u64 = 2000;
/// Until the worker has it in hand.
const CLAIMED: Duration = Duration::from_millis(700);

/// Asks every server for the same task at once; none where there is nothing to try it with.
pub async fn twins(topology: &Topology, workloads: &[&Workload], pool: &PgPool) -> Option<Twins> {
    let (workload, client) = (workloads.first()?, client().ok()?);
    let servers = servers(topology);
    let correlation = Uuid::now_v7();
    let body = body(workload, correlation, workload.context.clone(), "twin");
    let answers = join_all(servers.iter().map(|(via, port)| {
        let (client, body) = (&client, &body);
        async move {
            let request = client
                .post(format!("http://127.0.0.1:{port}/v1/tasks"))
                .json(body);
            (
                via.clone(),
                outcome(fetch(request).await, correlation, pool).await,
            )
        }
    }))
    .await;
    Some(Twins {
        namespace: workload.namespace.clone(),
        template: workload.template.clone(),
        correlation_id: correlation.to_string(),
        answers,
        tasks: postgres::tasks_of_correlation(pool, correlation)
            .await
            .ok()?,
    })
}

/// Cancels a task that sleeps, through another server than created it; none where no template sleeps.
pub async fn cancel(
    topology: &Topology,
    workloads: &[&Workload],
    pool: &PgPool,
) -> Option<Cancellation> {
    let sleeps = |workload: &&&Workload| workload.context.get("sleep_ms").is_some();
    let (workload, client) = (workloads.iter().find(sleeps)?, client().ok()?);
    let servers = servers(topology);
    let ((created_via, first), (via, last)) = (servers.first()?, servers.last()?);
    let mut context = workload.context.clone();
    context["sleep_ms"] = json!(SLEEP_MS);
    let correlation = Uuid::now_v7();
    let body = body(workload, correlation, context, "cancel");
    let request = client
        .post(format!("http://127.0.0.1:{first}/v1/tasks"))
        .json(&body);
    let CreateOutcome::Created { task_uuid: task } =
        outcome(fetch(request).await, correlation, pool).await
    else {
        // That tasks are not created is for the canaries to tell.
        return None;
    };
    tokio::time::sleep(CLAIMED).await;
    let request = client.delete(format!("http://127.0.0.1:{last}/v1/tasks/{task}"));
    let status = fetch(request).await.map_or(0, |(status, _)| status);
    Some(Cancellation {
        created_via: created_via.clone(),
        via: via.clone(),
        readings: read_everywhere(&client, &servers, &task).await,
        task,
        status,
    })
}

fn servers(topology: &Topology) -> Vec<(String, u16)> {
    let servers = topology.with_role(Role::Orchestration);
    servers
        .map(|(_, instance)| (instance.id.clone(), instance.port))
        .collect()
}

fn body(workload: &Workload, correlation: Uuid, mut context: Value, reason: &str) -> Value {
    context[CANARY_KEY] = json!(correlation);
    json!({
        "name": workload.template,
        "namespace": workload.namespace,
        "version": "1.0.0",
        "context": context,
        "initiator": "cluster-verify",
        "source_system": "cluster-verify",
        "reason": reason,
        "tags": ["cluster-verify", reason],
        "correlation_id": correlation,
    })
}
