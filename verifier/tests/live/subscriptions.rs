//! Who takes from which queue, and who should.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use sqlx::{Connection, PgConnection};

use crate::cluster::{Cluster, parent_of};
use crate::fault::{Repair, broken};
use crate::history::{connect, connect_as, execute};
use crate::told::names;

const VICTIM: &str = "worker-rust-2";

#[test]
fn namespaces_whose_workers_are_all_stopped_have_nobody_and_their_tasks_follow_from_that() {
    const RUBY: [&str; 2] = ["worker-ruby-1", "worker-ruby-2"];
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &[],
        &["CV201"],
        || RUBY.map(|worker| cluster.supervise("stop", worker)),
        || cluster.start(&RUBY),
    );

    for worker in RUBY {
        names(verdict.finding("CV201", worker), None, &[]);
    }
    let cause = Some("CV201");
    for namespace in ["linear_workflow", "slow"] {
        let nobody = verdict.finding("CV308", &format!("namespace {namespace}"));
        names(nobody, cause, &RUBY);
    }
    // A canary of theirs cannot end. It is told as a consequence, with the step, the queue it waits in, and who is missing.
    let canaries = verdict.findings("CV502");
    let of_slow = canaries
        .iter()
        .find(|it| it["evidence"]["queue"] == "worker_slow_queue");
    let waiting = of_slow.unwrap_or_else(|| panic!("{verdict}"));
    names(waiting, cause, &["slow_step", "worker-ruby-1 does not run"]);
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

    assert_eq!(verdict.status, Some(0), "{verdict}");
}

/// Polls a queue under an instance's name until it is dropped.
///
/// Nothing is taken: the queue is asked for messages with a key that none has.
pub struct Poller {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Poller {
    pub fn start(cluster: &Cluster, instance: &str, queue: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut connection = runtime.block_on(connect_as(cluster, instance));
        let stopped = Arc::new(AtomicBool::new(false));
        let query = format!(
            "SELECT msg_id FROM pgmq.read_with_poll('{queue}', 1, 1, 1, 100, '{{\"nobody\": 1}}')"
        );
        let flag = Arc::clone(&stopped);
        let poll = move |connection: &mut PgConnection| {
            runtime
                .block_on(sqlx::query(&query).fetch_all(connection))
                .unwrap();
        };
        let thread = std::thread::spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                poll(&mut connection);
            }
        });
        let thread = Some(thread);
        Self { stopped, thread }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

#[test]
fn who_takes_from_another_languages_queue_is_named() {
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &[],
        &["CV310"],
        // What a worker with a wrong list of namespaces does, under its name.
        || Poller::start(&cluster, VICTIM, "worker_slow_py_queue"),
        // What was seen of a boot is remembered until the next.
        || cluster.supervise("restart", VICTIM),
    );

    names(verdict.finding("CV310", VICTIM), None, &["slow_py"]);
}

#[test]
fn workers_that_are_not_told_of_new_messages_are_named() {
    const RUST: [&str; 2] = ["worker-rust-1", "worker-rust-2"];
    let cluster = Cluster::take();
    // Of the other profile, in which nobody is told: they poll alone. Both, since one alone would be left no work.
    let polling = "config/tasker/generated/worker-polling.toml";

    let verdict = broken(
        &cluster,
        &[],
        // Another configuration than was rendered, in processes that were started by hand: the rest follows.
        &["CV203", "CV206"],
        || cluster.replace(&cluster.topology, &RUST, &[("TASKER_CONFIG_PATH", polling)]),
        || cluster.start(&RUST),
    );

    for worker in RUST {
        names(verdict.finding("CV311", worker), Some("CV203"), &["Hybrid"]);
    }
}

#[test]
fn a_database_that_does_not_answer_is_named_in_time() {
    let cluster = Cluster::take();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Who accepts sessions is the parent of each.
    let postmaster = runtime.block_on(async {
        let mut connection = connect(&cluster).await;
        let query = sqlx::query_scalar("SELECT pg_backend_pid()");
        let session: i32 = query.fetch_one(&mut connection).await.unwrap();
        let postmaster = parent_of(session.try_into().unwrap());
        connection.close().await.unwrap();
        postmaster
    });
    let begun = std::time::Instant::now();

    let verdict = broken(
        &cluster,
        &[],
        // Nothing of the database can be judged then.
        &["unknown without the database", "CV301"],
        // Sessions that there are go on; nobody gets a new one.
        || cluster.signal("-STOP", postmaster),
        || cluster.signal("-CONT", postmaster),
    );

    names(
        verdict.finding("CV301", "database tasker"),
        None,
        &["127.0.0.1"],
    );
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
