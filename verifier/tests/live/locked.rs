//! A session that holds a lock on the engine's tables: what cannot be seen for it is told, and in time.

use std::time::{Duration, Instant};

use sqlx::Executor;

use crate::cluster::Cluster;
use crate::history::connect;

/// The server ends the session that holds the lock after this: a verifier that waits for it would then see everything.
const HELD: Duration = Duration::from_secs(60);

#[test]
fn a_lock_on_the_tasks_makes_the_verdict_unknown_and_holds_nobody_up() {
    let cluster = Cluster::take();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut holder = runtime.block_on(async {
        let mut holder = connect(&cluster).await;
        let lock = format!(
            "SET idle_in_transaction_session_timeout = '{} s'; BEGIN; LOCK TABLE tasker.tasks",
            HELD.as_secs()
        );
        holder.execute(lock.as_str()).await.unwrap();
        holder
    });
    let begun = Instant::now();

    let verdict = cluster.check(&["--quick", "--only", "601,618"]);
    let task = cluster.verify(&["task", "00000000-0000-7000-8000-000000000000"]);

    assert!(begun.elapsed() < HELD, "{:?}", begun.elapsed());
    assert_eq!(verdict.status, Some(2), "{verdict}");
    for check in verdict.checks() {
        let why = check["outcome"]["unseen"]["why"]
            .as_str()
            .unwrap_or_default();
        assert!(why.contains("lock timeout"), "{check:#}");
    }
    let said = String::from_utf8_lossy(&task.stderr);
    assert_eq!(task.status.code(), Some(2), "{said}");
    assert!(said.contains("lock timeout"), "{said}");

    runtime.block_on(async { holder.execute("ROLLBACK").await.unwrap() });
    // Whatever earlier tests left in the history, it is judged again.
    let verdict = cluster.check(&["--quick", "--only", "601,618"]);
    assert_eq!(verdict.report["counts"]["unknown"], 0, "{verdict}");
}
