//! Two tries that a canary does not make: the same task asked of all servers at once, and a task cancelled.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::create::{ask, body};
use super::postgres;
use super::reading::read_everywhere;
use super::servers::Servers;
use crate::evidence::{Cancellation, CreateOutcome, Twins};
use crate::history::{StepState, TaskState};
use crate::topology::Workload;

/// The cancelled task sleeps so long: long enough to be at work when it is cancelled.
const SLEEP_MS: u64 = 2000;
/// A worker that is told of messages has it in hand at once. Of one that only polls nobody waits for a whole round: what
/// is cancelled before is a task cancelled as well.
const CLAIMED: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

/// What both tries showed, and when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Probes {
    pub at: DateTime<Utc>,
    pub twins: Option<Twins>,
    pub cancellation: Option<Cancellation>,
}

impl Probes {
    /// Whether both say something: servers that are busy or silent do not.
    pub fn are_answered(&self) -> bool {
        let created = self.twins.as_ref().is_some_and(|twins| twins.tasks == 1);
        let of_cancellation = self.cancellation.as_ref();
        created && of_cancellation.is_some_and(|it| (200..300).contains(&it.status))
    }
}

/// Makes both tries; the workloads are the smallest first.
pub async fn all(servers: &Servers, workloads: &[&Workload], pool: &PgPool) -> Probes {
    let at = Utc::now();
    let (twins, cancellation) = futures::join!(
        twins(servers, workloads, pool),
        cancel(servers, workloads, pool)
    );
    Probes {
        at,
        twins,
        cancellation,
    }
}

/// Asks every server for the same task at once; none where there is nothing to try it with.
async fn twins(servers: &Servers, workloads: &[&Workload], pool: &PgPool) -> Option<Twins> {
    let workload = workloads.first()?;
    let correlation = Uuid::now_v7();
    let body = body(workload, correlation, workload.context.clone(), "twin");
    let answers = join_all(servers.all.iter().map(|server| {
        let body = &body;
        async move {
            let asked = ask(servers, server, body, correlation, pool).await;
            (server.id.clone(), asked.outcome)
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
async fn cancel(servers: &Servers, workloads: &[&Workload], pool: &PgPool) -> Option<Cancellation> {
    let sleeps = |workload: &&&Workload| workload.context.get("sleep_ms").is_some();
    let workload = workloads.iter().find(sleeps)?;
    let (created_via, via) = (servers.all.first()?, servers.all.last()?);
    let mut context = workload.context.clone();
    context["sleep_ms"] = json!(SLEEP_MS);
    let correlation = Uuid::now_v7();
    let body = body(workload, correlation, context, "cancel");
    let asked = ask(servers, created_via, &body, correlation, pool).await;
    let CreateOutcome::Created { task_uuid: task } = asked.outcome else {
        // That tasks are not created is for the canaries to tell.
        return None;
    };
    until_in_hand(pool, &task).await;
    let path = format!("/v1/tasks/{task}");
    let answer = servers
        .ask(via, &path, |client, url| client.delete(url))
        .await;
    let status = answer.map_or(0, |(status, _)| status);
    Some(Cancellation {
        created_via: created_via.id.clone(),
        via: via.id.clone(),
        readings: read_everywhere(servers, &servers.all, &task).await,
        task,
        status,
    })
}

/// Returns when a worker has a step of the task in hand, and no server has the task. Where nobody can tell, the cancellation itself will.
async fn until_in_hand(pool: &PgPool, task: &str) {
    let Ok(task) = task.parse::<Uuid>() else {
        return;
    };
    let (begun, task) = (Instant::now(), [task]);
    while begun.elapsed() < CLAIMED {
        let mut in_hand = false;
        let read = postgres::histories(pool, postgres::Tasks::These(&task), |task| {
            let mut states = task.steps.iter().map(|step| step.state());
            // A worker may be so fast that the server that enqueued the step is not yet done with the task.
            in_hand = task.state() == Some(TaskState::StepsInProcess)
                && states.any(|state| state == Some(StepState::InProgress));
        });
        if read.await.is_err() || in_hand {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}
