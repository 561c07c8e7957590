//! Who takes from which queue, and who should.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use sqlx::Connection;

use crate::cluster::{Cluster, Repair, Verdict};
use crate::history::{connect, connect_as, execute};

/// The namespaces of the findings' subjects or evidence.
fn told(verdict: &Verdict, code: &str) -> String {
    let findings = verdict.all_findings(code);
    findings.iter().map(|finding| finding.to_string()).collect()
}

#[test]
fn namespaces_whose_workers_are_all_stopped_have_nobody_and_their_tasks_follow_from_that() {
    const RUBY: [&str; 2] = ["worker-ruby-1", "worker-ruby-2"];
    let cluster = Cluster::take();
    let _repair = Repair(|| {
        for worker in RUBY {
            cluster.supervise("start", worker);
        }
        cluster.wait_until_healthy();
    });
    for worker in RUBY {
        cluster.supervise("stop", worker);
    }

    let verdict = cluster.check(&[]);

    assert_eq!(verdict.status, Some(1));
    assert_eq!(verdict.findings("CV201").len(), 2, "{:#}", verdict.report);
    for namespace in ["linear_workflow", "slow"] {
        let finding = verdict.all_findings("CV308").into_iter().find(|finding| {
            finding["subject"]
                .as_str()
                .unwrap_or_default()
                .ends_with(namespace)
        });
        let follows = &finding.unwrap_or(&Value::Null)["follows_from"];
        assert!(
            follows.to_string().contains("CV201"),
            "{namespace}: {:#}",
            verdict.report
        );
    }
    // A canary of theirs cannot end. It is told as a consequence, with the step and the queue it waits in.
    let canaries = told(&verdict, "CV502");
    assert!(canaries.contains("worker_slow_queue"), "{canaries}");
    let unrelated = verdict.failed().into_iter().filter(|code| {
        let findings = verdict.findings(code);
        findings
            .iter()
            .any(|finding| finding["follows_from"].is_null())
    });
    assert_eq!(
        unrelated.collect::<Vec<_>>(),
        ["CV201"],
        "{:#}",
        verdict.report
    );
}

/// A visit to a queue that always holds messages is over at once: nothing shows unless there is work.
#[test]
fn a_queue_full_of_steps_that_are_over_hides_nobody_who_takes_from_it() {
    const FILL: &str = "SELECT pgmq.send_batch('worker_rust_e2e_retry_queue', array_fill( \
        jsonb_build_object('step_uuid', workflow_step_uuid, 'task_uuid', task_uuid, 'correlation_id', task_uuid), \
        ARRAY[300])) \
        FROM tasker.workflow_steps WHERE processed LIMIT 1";
    let cluster = Cluster::take();
    let _repair = Repair(|| {
        execute(
            &cluster,
            &["SELECT pgmq.purge_queue('worker_rust_e2e_retry_queue')"],
        );
    });
    execute(&cluster, &[FILL]);
    cluster.supervise("restart", "worker-rust-1");
    cluster.wait_until_healthy();

    let verdict = cluster.check(&["--only", "308,309"]);

    assert_eq!(verdict.status, Some(0), "{:#}", verdict.report);
}

#[test]
fn who_takes_from_another_languages_queue_is_named() {
    let cluster = Cluster::take();
    // What was seen of a boot is remembered until the next.
    let _repair = Repair(|| {
        cluster.supervise("restart", "worker-rust-2");
        cluster.wait_until_healthy();
    });
    let stopped = AtomicBool::new(false);
    let verdict = std::thread::scope(|scope| {
        // What a worker with a wrong list of namespaces does, under its name. Nothing is taken: the queue is asked
        // for messages with a key that none has.
        let taker = scope.spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let mut connection = connect_as(&cluster, "worker-rust-2").await;
                while !stopped.load(Ordering::Relaxed) {
                    sqlx::query(
                        "SELECT msg_id FROM pgmq.read_with_poll('worker_slow_py_queue', 1, 1, 1, 100, '{\"nobody\": 1}')",
                    )
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                }
                connection.close().await.unwrap();
            });
        });
        let verdict = cluster.check(&["--only", "310"]);
        stopped.store(true, Ordering::Relaxed);
        taker.join().unwrap();
        verdict
    });

    assert_eq!(verdict.failed(), ["CV310"], "{:#}", verdict.report);
    let finding = told(&verdict, "CV310");
    for part in ["worker-rust-2", "slow_py"] {
        assert!(finding.contains(part), "{part} is not in {finding}");
    }
}

#[test]
fn a_worker_that_is_not_told_of_new_messages_is_named() {
    let cluster = Cluster::take();
    let _repair = Repair(|| {
        cluster.supervise("start", "worker-rust-2");
        cluster.wait_until_healthy();
    });
    cluster.supervise("stop", "worker-rust-2");
    // Of the other profile, in which nobody is told: it polls alone.
    let polling = "config/tasker/generated/worker-polling.toml";
    let _by_hand = cluster.launch("worker-rust-2", &[("TASKER_CONFIG_PATH", polling)]);

    let verdict = cluster.check(&["--only", "311"]);

    assert_eq!(verdict.failed(), ["CV311"], "{:#}", verdict.report);
    assert_eq!(verdict.findings("CV311")[0]["subject"], "worker-rust-2");
}

#[test]
fn a_database_that_does_not_answer_is_named_in_time() {
    let cluster = Cluster::take();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Who accepts sessions is the parent of each.
    let postmaster: u32 = runtime.block_on(async {
        let mut connection = connect(&cluster).await;
        let query = sqlx::query_scalar("SELECT pg_backend_pid()");
        let session: i32 = query.fetch_one(&mut connection).await.unwrap();
        let status = std::fs::read_to_string(format!("/proc/{session}/status")).unwrap();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        parent.unwrap().trim().parse().unwrap()
    });
    let _repair = Repair(|| cluster.signal("-CONT", postmaster));
    // Sessions that there are go on; nobody gets a new one.
    cluster.signal("-STOP", postmaster);
    let begun = std::time::Instant::now();

    let verdict = cluster.check(&["--only", "301"]);

    assert_eq!(verdict.failed(), ["CV301"], "{:#}", verdict.report);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
