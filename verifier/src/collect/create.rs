//! Asks an orchestration server for one task, as often as the server itself says to come back later.

use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::canary::CANARY_KEY;
use super::postgres;
use super::reading::read_everywhere;
use super::servers::{Server, Servers};
use crate::evidence::{Canary, CreateOutcome};
use crate::topology::Workload;

/// What a server answered to a create in the end.
pub(super) struct Asked {
    pub outcome: CreateOutcome,
    /// What it said each time that it was too busy.
    pub turned_away: Vec<String>,
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
    let (since, begun) = (Utc::now(), Instant::now());
    let asked = ask(servers, via, &body, correlation, pool).await;
    let create_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let reason = match asked.outcome {
        CreateOutcome::Indeterminate { .. } => servers.reason(via, workload, since).await,
        CreateOutcome::Created { .. } | CreateOutcome::Refused { .. } => None,
    };
    let first_readings = match asked.outcome.task_uuid() {
        Some(task) => read_everywhere(servers, to_read, task).await,
        None => Vec::new(),
    };
    let (namespace, template) = (workload.namespace.clone(), workload.template.clone());
    Canary {
        correlation_id: correlation.to_string(),
        expected: workload.results.clone(),
        turned_away: asked.turned_away,
        logged: reason,
        create_ms,
        first_readings,
        ..Canary::new(via.id.clone(), namespace, template, asked.outcome)
    }
}

/// Sends the create. A server under backpressure answers when to ask again, and is asked then.
pub(super) async fn ask(
    servers: &Servers,
    via: &Server,
    body: &Value,
    correlation: Uuid,
    pool: &PgPool,
) -> Asked {
    let mut turned_away = Vec::new();
    loop {
        let answer = servers
            .ask(via, "/v1/tasks", |client, url| client.post(url).json(body))
            .await;
        if let Some((later, message)) = come_back(&answer) {
            turned_away.push(message);
            if servers.wait(via, later).await {
                continue;
            }
        }
        let outcome = outcome(answer, correlation, pool).await;
        if outcome.task_uuid().is_some() {
            servers.busy.forgive(&via.id);
        }
        return Asked {
            outcome,
            turned_away,
        };
    }
}

/// When a server that is too busy wants to be asked again, and what it said.
fn come_back(answer: &Result<(u16, Vec<u8>), String>) -> Option<(Duration, String)> {
    let Ok((503, bytes)) = answer else {
        return None;
    };
    let body: Value = serde_json::from_slice(bytes).ok()?;
    let error = &body["error"];
    let seconds = error["retry_after_seconds"].as_u64()?;
    let message = error["message"].as_str().unwrap_or("busy");
    Some((Duration::from_secs(seconds), message.to_owned()))
}

async fn outcome(
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
            let text: String = text.chars().take(300).collect();
            (status, format!("HTTP {status}: {text}"))
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

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    use super::*;
    use crate::collect::stand_in::{Manner, with_tasks};

    /// No PostgreSQL answers there.
    fn nobody() -> PgPool {
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1");
        PgPoolOptions::new()
            .acquire_timeout(Duration::from_millis(100))
            .connect_lazy_with(options.port(1))
    }

    async fn canary(servers: &Servers, via: usize) -> Canary {
        let via = &servers.all[via];
        create(
            servers,
            &Workload::example(),
            "canary",
            via,
            &servers.all,
            &nobody(),
        )
        .await
    }

    #[tokio::test]
    async fn all_creates_together_wait_for_a_busy_server_no_longer_than_its_patience() {
        for asked in [
            r#"{"error":{"message":"full","retry_after_seconds":0}}"#,
            r#"{"error":{"message":"full","retry_after_seconds":1}}"#,
            r#"{"error":{"message":"full","retry_after_seconds":18446744073709551615}}"#,
        ] {
            let busy = with_tasks(Manner::Says("503 Service Unavailable", asked));
            let patience = Duration::from_secs(2);
            let servers = Servers::at(std::slice::from_ref(&busy.url), patience);
            let begun = Instant::now();

            let mut canaries = join_all((0..4).map(|_| canary(&servers, 0))).await;
            for _ in 0..4 {
                canaries.push(canary(&servers, 0).await);
            }

            let took = begun.elapsed();
            assert!(took >= patience && took < patience * 3, "{asked}: {took:?}");
            let told: usize = canaries.iter().map(|it| it.turned_away.len()).sum();
            assert_eq!(told, busy.asked(), "{asked}");
            assert!(told <= 4 * 3 + 4, "{asked}: asked {told} times");
            for canary in canaries {
                let refused = matches!(canary.create, CreateOutcome::Refused { status: 503, .. });
                assert!(refused, "{asked}: {:?}", canary.create);
            }
        }
    }

    #[tokio::test]
    async fn whatever_else_a_server_answers_to_a_create_is_told_in_time_and_is_no_task() {
        let all = Manner::BAD.map(|manner| with_tasks(manner).url);
        let servers = Servers::at(&all, Duration::ZERO);
        let begun = Instant::now();

        let canaries = join_all((0..all.len()).map(|via| canary(&servers, via))).await;
        // Whoever let the first one wait is not waited for again.
        join_all((0..all.len()).map(|via| canary(&servers, via))).await;

        let took = begun.elapsed();
        assert!(took < Duration::from_secs(9), "{took:?}");
        for (canary, manner) in canaries.iter().zip(Manner::BAD) {
            let CreateOutcome::Indeterminate { message, task_uuid } = &canary.create else {
                panic!("{manner:?}: {:?}", canary.create);
            };
            assert!(task_uuid.is_none() && !message.is_empty(), "{manner:?}");
        }
    }

    fn answer(status: u16, body: &Value) -> Result<(u16, Vec<u8>), String> {
        Ok((status, body.to_string().into_bytes()))
    }

    #[test]
    fn a_busy_server_says_when_to_come_back() {
        let body = json!({"error": {"code": "BACKPRESSURE", "message": "full", "retry_after_seconds": 15}});

        let (later, message) = come_back(&answer(503, &body)).unwrap();

        assert_eq!((later.as_secs(), message.as_str()), (15, "full"));
    }

    #[test]
    fn no_other_answer_is_asked_again() {
        let busy = json!({"error": {"retry_after_seconds": 15}});

        assert!(come_back(&answer(500, &busy)).is_none());
        assert!(come_back(&answer(503, &json!({"error": {"code": "DOWN"}}))).is_none());
        assert!(come_back(&Err("no answer".to_owned())).is_none());
    }
}
