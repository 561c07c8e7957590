//! A step that was sent while no worker listened: only a poll can find it, and polls come to none behind the messages of
//! steps that are over.

use std::cell::RefCell;
use std::process::{Child, Command, Stdio};

use crate::cluster::Cluster;
use crate::fault::broken;
use crate::history::{count, execute};
use crate::told::names;

const WORKLOAD: &str = "rust_e2e_linear/mathematical_sequence";
const QUEUE: &str = "worker_rust_e2e_linear_queue";
const WORKERS: [&str; 2] = ["worker-rust-1", "worker-rust-2"];
/// A poll takes ten and hides them for thirty seconds, in which each worker comes by at most once.
const DEAD: usize = 40;

#[test]
fn a_step_behind_messages_that_nobody_can_claim_is_found_and_taken_once_they_are_gone() {
    let cluster = Cluster::take();
    // Whose messages are copied, once they are archived.
    let run = cluster.verify(&["run", WORKLOAD, "-n", "1"]);
    assert!(run.status.success(), "{run:?}");
    cluster.archive_dead_messages();
    let sent = RefCell::new(None);

    let verdict = broken(
        &cluster,
        &[],
        &["CV312"],
        || {
            lay_dead_messages(&cluster);
            sent.replace(Some(send_while_nobody_listens(&cluster)));
        },
        || {
            cluster.archive_dead_messages();
            let Some((mut run, message)) = sent.take() else {
                return;
            };
            // Not for an empty queue: a worker that comes second to a later step leaves its message there.
            cluster.wait_for("a poll to take the step", || {
                count(&cluster, &messages(&format!("msg_id = {message}"))) == 0
            });
            // Whether it waited for so long says nothing.
            let _ = run.wait();
        },
    );

    let found = verdict.finding("CV312", &format!("queue {QUEUE}, passed over"));
    names(found, None, &["prune --dead-messages"]);
    let before = &found["evidence"]["messages before it whose step is over"];
    assert_eq!(before, &DEAD.to_string(), "{found:#}");
}

/// Copies of a message whose step is complete, as two workers leave them that are told of one step.
fn lay_dead_messages(cluster: &Cluster) {
    execute(
        cluster,
        &[&format!(
            "INSERT INTO pgmq.q_{QUEUE} (vt, enqueued_at, message) \
             SELECT now(), now() - interval '20 minutes', message FROM \
                 (SELECT message FROM pgmq.a_{QUEUE} archived \
                  JOIN tasker.workflow_step_transitions present ON present.most_recent \
                      AND present.workflow_step_uuid = (archived.message->>'step_uuid')::uuid \
                  WHERE present.to_state = 'complete' LIMIT 1) AS one, \
                 generate_series(1, {DEAD})"
        )],
    );
    let laid = count(cluster, &messages("true"));
    assert_eq!(usize::try_from(laid), Ok(DEAD));
}

/// A task whose first step has waited for ten minutes by the time that its workers are back; with the step's message.
fn send_while_nobody_listens(cluster: &Cluster) -> (Child, i64) {
    let pids = WORKERS.map(|worker| cluster.pid(worker));
    for worker in WORKERS {
        cluster.supervise("stop", worker);
    }
    cluster.wait_for("both workers to end", || {
        pids.iter().all(|pid| !cluster.is_alive(*pid))
    });
    let run = Command::new(env!("CARGO_BIN_EXE_cluster-verify"))
        .args(["run", WORKLOAD, "-n", "1"])
        .current_dir(&cluster.project.root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let young = "enqueued_at > now() - interval '10 minutes'";
    cluster.wait_for("the message of the first step", || {
        count(cluster, &messages(young)) == 1
    });
    let message = count(
        cluster,
        &format!("SELECT msg_id FROM pgmq.q_{QUEUE} WHERE {young}"),
    );
    execute(
        cluster,
        &[&format!(
            "UPDATE pgmq.q_{QUEUE} SET enqueued_at = enqueued_at - interval '10 minutes' WHERE {young}"
        )],
    );
    cluster.start(&WORKERS);
    cluster.wait_until_healthy();
    (run, message)
}

fn messages(which: &str) -> String {
    format!("SELECT count(*) FROM pgmq.q_{QUEUE} WHERE {which}")
}
