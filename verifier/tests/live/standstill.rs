//! A worker that answers that all is well and takes no more work, on a boot that an earlier check has proven.

use std::cell::RefCell;

use sqlx::Row;

use crate::cluster::Cluster;
use crate::fault::broken;
use crate::history::connect;
use crate::told::names;

/// The worker's loop of polls hangs in one session, and the session that is told of new messages hears of none. Its health
/// asks through others.
#[test]
fn a_worker_that_took_work_before_and_stands_still_is_named_though_its_health_is_green() {
    const WORKER: &str = "worker-rust-2";
    let cluster = Cluster::take();
    assert_eq!(cluster.check(&["--only", "309,410"]).status, Some(0));
    let sessions = RefCell::new(Vec::new());

    let verdict = broken(
        &cluster,
        &[],
        &["CV309", "CV410"],
        || {
            sessions.replace(stopped(&cluster, WORKER));
            // The poll that was stopped half way is no sign of life once it has taken longer than any can.
            cluster.wait_for("the poll to be too old", || {
                age_of_poll(&cluster, WORKER) > 10.0
            });
        },
        || {
            for session in sessions.take() {
                cluster.signal("-CONT", session);
            }
            // Whatever it makes of an answer that came so late.
            cluster.supervise("restart", WORKER);
        },
    );

    let lost = verdict.finding("CV309", WORKER);
    names(lost, None, &[]);
    let before = &lost["evidence"]["it took from them before"];
    assert!(before.to_string().contains("rust_e2e_linear"), "{before}");
    names(verdict.finding("CV410", WORKER), None, &[]);
}

/// Stops the sessions in which the worker polls and listens, and returns the processes that serve them.
fn stopped(cluster: &Cluster, worker: &str) -> Vec<u32> {
    let mut sessions: Vec<u32> = Vec::new();
    // The poll last, which does not last; asleep between two looks at the queue, where it holds nothing that others
    // wait for.
    for which in [
        "query ILIKE 'LISTEN %' AND state = 'idle'",
        "query ILIKE '%pgmq.read%' AND state = 'active' AND wait_event = 'PgSleep'",
    ] {
        let query = format!(
            "SELECT pid FROM pg_stat_activity WHERE application_name = '{worker}' AND {which}"
        );
        cluster.wait_for("the session", || {
            let found = pids(cluster, &query);
            sessions.extend(&found);
            !found.is_empty()
        });
    }
    for session in &sessions {
        cluster.signal("-STOP", *session);
    }
    sessions
}

fn pids(cluster: &Cluster, query: &str) -> Vec<u32> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connection = connect(cluster).await;
        let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
        let pid = |row: &sqlx::postgres::PgRow| u32::try_from(row.get::<i32, _>(0)).unwrap();
        rows.iter().map(pid).collect()
    })
}

/// Seconds since the worker's oldest poll began that is not over.
fn age_of_poll(cluster: &Cluster, worker: &str) -> f64 {
    let query = format!(
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(query_start)), 0)::float8 \
         FROM pg_stat_activity \
         WHERE application_name = '{worker}' AND state = 'active' AND query ILIKE '%pgmq.read%'"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connection = connect(cluster).await;
        let row = sqlx::query(&query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        row.get::<f64, _>(0)
    })
}
