//! Sends the canaries: one small real task a namespace through each orchestration server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::postgres::{self, Databases};
use super::progress::Progress;
use super::servers::{Server, Servers};
use crate::evidence::{Canaries, Canary, CreateOutcome, Observed, Reading, Unseen};
use crate::topology::{Topology, Workload};

/// Canaries that make no progress for this long are given up.
const STALLED: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(200);
/// Templates of which a canary is created at a time: enough to be quick, too little to be a load.
const AT_ONCE: usize = 3;

/// Key of a canary's context that makes it a task of its own.
pub const CANARY_KEY: &str = "cluster_verify_canary";

/// States in which a task stays until somebody acts.
pub const AT_REST: [&str; 5] = [
    "complete",
    "error",
    "cancelled",
    "resolved_manually",
    "blocked_by_failures",
];

/// Creates, follows and reads back every canary.
pub async fn send(
    topology: &Topology,
    workloads: &[&Workload],
    pool: &Databases,
    progress: &Progress,
) -> Observed<Canaries> {
    let servers = match Servers::of(topology) {
        Ok(servers) => servers,
        Err(unseen) => return Observed::Unseen(unseen),
    };
    let (servers, total) = (&servers, workloads.len() * servers.all.len());
    let created = AtomicUsize::new(0);
    let of_workload = |workload: &&Workload| {
        let (workload, created) = ((*workload).clone(), &created);
        async move {
            let mut tasks = Vec::new();
            // One after the other: the engine refuses the first concurrent creates of a template.
            for server in &servers.all {
                let number = 1 + created.fetch_add(1, Ordering::Relaxed);
                progress.say(format!("canaries: creating {number} of {total}"));
                let to_read = &servers.all;
                tasks.push(create(servers, &workload, "canary", server, to_read, pool).await);
            }
            tasks
        }
    };
    let mut tasks: Vec<Canary> = futures::stream::iter(workloads.iter().map(of_workload))
        .buffered(AT_ONCE)
        .concat()
        .await;
    if let Err(unseen) = follow(&mut tasks, servers, pool, progress).await {
        return Observed::Unseen(unseen);
    }
    let read = tasks
        .iter_mut()
        .map(|canary| look_back(servers, pool, canary));
    let read: Vec<_> = futures::stream::iter(read)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    if let Some(unseen) = read.into_iter().find_map(Result::err) {
        return Observed::Unseen(unseen);
    }
    Observed::Seen(Canaries {
        tasks,
        ..Canaries::default()
    })
}

/// Reads a task through every server and in the database, once it moves no more.
///
/// # Errors
/// The query that failed.
pub(super) async fn look_back(
    servers: &Servers,
    pool: &Databases,
    canary: &mut Canary,
) -> Result<(), Unseen> {
    if let Ok(correlation) = canary.correlation_id.parse() {
        canary.tasks_of_correlation =
            Some(postgres::tasks_of_correlation(pool, correlation).await?);
    }
    let uuid = canary.create.task_uuid().and_then(|task| task.parse().ok());
    let Some(uuid) = uuid else {
        return Ok(());
    };
    canary.last_readings = read_everywhere(servers, &servers.all, &Uuid::to_string(&uuid)).await;
    canary.steps = postgres::steps_of(pool, uuid, &canary.namespace).await?;
    canary.creator = postgres::creator_of(pool, uuid).await?;
    canary.in_database = Some(postgres::task_exists(pool, uuid).await?);
    let state = postgres::settled_states(pool, &[uuid]).await?;
    canary.database_state = state.into_values().next();
    Ok(())
}

/// Creates one task through a server and reads it at once through each of `to_read`.
pub(super) async fn create(
    servers: &Servers,
    workload: &Workload,
    reason: &str,
    via: &Server,
    to_read: &[Server],
    pool: &PgPool,
) -> Canary {
    let correlation = Uuid::now_v7();
    let body = body(workload, correlation, workload.context.clone(), reason);
    let begun = Instant::now();
    let answer = servers
        .ask(via, "/v1/tasks", |client, url| client.post(url).json(&body))
        .await;
    let create_ms = milliseconds(begun.elapsed());
    let create = outcome(answer, correlation, pool).await;
    let first_readings = match create.task_uuid() {
        Some(task) => read_everywhere(servers, to_read, task).await,
        None => Vec::new(),
    };
    Canary {
        via: via.id.clone(),
        namespace: workload.namespace.clone(),
        template: workload.template.clone(),
        correlation_id: correlation.to_string(),
        expected: workload.results.clone(),
        in_database: None,
        database_state: None,
        tasks_of_correlation: None,
        events: None,
        on_the_way: Vec::new(),
        creator: None,
        create,
        create_ms,
        first_readings,
        last_readings: Vec::new(),
        finished_ms: None,
        waited_ms: 0,
        steps: Vec::new(),
    }
}

pub(super) async fn outcome(
    answer: Result<(u16, Vec<u8>), String>,
    correlation: Uuid,
    pool: &PgPool,
) -> CreateOutcome {
    let (status, message) = match answer {
        Ok((status, bytes)) => {
            let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            let created = body["task_uuid"]
                .as_str()
                .filter(|_| (200..300).contains(&status));
            if let Some(task) = created {
                return CreateOutcome::Created {
                    task_uuid: task.to_owned(),
                };
            }
            let text = String::from_utf8_lossy(&bytes);
            (
                status,
                format!(
                    "HTTP {status}: {}",
                    text.chars().take(300).collect::<String>()
                ),
            )
        }
        Err(reason) => (0, reason),
    };
    if (400..500).contains(&status) || status == 503 {
        return CreateOutcome::Refused { status, message };
    }
    // A 500 or no answer at all says nothing: the database knows whether the task exists.
    let task = postgres::task_of_correlation(pool, correlation)
        .await
        .ok()
        .flatten();
    CreateOutcome::Indeterminate {
        message,
        task_uuid: task.map(|task| task.to_string()),
    }
}

/// What each of these servers tells of the task.
pub(super) async fn read_everywhere(
    servers: &Servers,
    to_read: &[Server],
    task: &str,
) -> Vec<Reading> {
    join_all(to_read.iter().map(|server| read(servers, server, task))).await
}

async fn read(servers: &Servers, server: &Server, task: &str) -> Reading {
    let path = format!("/v1/tasks/{task}");
    let answer = servers
        .ask(server, &path, |client, url| client.get(url))
        .await;
    let (status, body) = match answer {
        Ok((status, bytes)) => (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ),
        Err(_) => (0, Value::Null),
    };
    let mut steps: Vec<(String, String)> = body["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|step| {
            let name = step["name"].as_str()?;
            Some((name.to_owned(), step["current_state"].as_str()?.to_owned()))
        })
        .collect();
    steps.sort();
    Reading {
        via: server.id.clone(),
        status,
        state: body["status"].as_str().map(str::to_owned),
        steps,
    }
}

/// Waits until every canary is at rest, or none has moved for a while.
async fn follow(
    tasks: &mut [Canary],
    servers: &Servers,
    pool: &PgPool,
    progress: &Progress,
) -> Result<(), Unseen> {
    let begun = Instant::now();
    let mut moved = Instant::now();
    let mut states: BTreeMap<Uuid, String> = BTreeMap::new();
    let mut looks = 0;
    loop {
        let open: Vec<Uuid> = tasks
            .iter()
            .filter(|canary| canary.finished_ms.is_none())
            .filter_map(|canary| canary.create.task_uuid()?.parse().ok())
            .collect();
        progress.say(format!(
            "canaries: {} of {} at rest",
            tasks.len() - open.len(),
            tasks.len()
        ));
        if open.is_empty() || moved.elapsed() > STALLED {
            break;
        }
        let now = postgres::settled_states(pool, &open).await?;
        if now
            .iter()
            .any(|(task, state)| states.get(task) != Some(state))
        {
            moved = Instant::now();
        }
        for canary in tasks
            .iter_mut()
            .filter(|canary| canary.finished_ms.is_none())
        {
            let uuid = canary
                .create
                .task_uuid()
                .and_then(|task| task.parse::<Uuid>().ok());
            let state = uuid.and_then(|uuid| now.get(&uuid));
            if state.is_some_and(|state| AT_REST.contains(&state.as_str())) {
                canary.finished_ms = Some(milliseconds(begun.elapsed()));
            }
        }
        states.extend(now);
        if !servers.all.is_empty() {
            // One read a look, through the next server each time: enough to see a task go backwards.
            let server = &servers.all[looks % servers.all.len()];
            if let Some(canary) = tasks.iter_mut().find(|canary| !canary.at_rest())
                && let Some(task) = canary.create.task_uuid().map(str::to_owned)
            {
                let reading = read(servers, server, &task).await;
                canary.on_the_way.push(reading);
            }
            looks += 1;
        }
        tokio::time::sleep(LOOK).await;
    }
    let waited_ms = milliseconds(begun.elapsed());
    for canary in tasks {
        canary.waited_ms = canary.finished_ms.unwrap_or(waited_ms);
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a server is asked to create, labelled so that everybody sees whose it is.
///
/// The engine's identity of a task is a hash of its context, which all canaries would share.
pub(super) fn body(
    workload: &Workload,
    correlation: Uuid,
    mut context: Value,
    reason: &str,
) -> Value {
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
