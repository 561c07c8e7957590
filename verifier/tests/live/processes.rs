//! Instances that are gone, stopped, or not who they seem to be.

use std::net::TcpListener;

use crate::cluster::{Cluster, Repair};

#[test]
fn an_instance_that_was_stopped_is_missing() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("start", "worker-rust-2"));
    cluster.supervise("stop", "worker-rust-2");

    let verdict = cluster.check(&["--quick"]);

    assert_eq!(verdict.failed(), ["CV201"], "{:#}", verdict.report);
    assert_eq!(verdict.findings("CV201")[0]["subject"], "worker-rust-2");
}

#[test]
fn a_worker_that_was_killed_is_gone_or_seen_to_have_come_back() {
    let cluster = Cluster::take();
    let pid = cluster.pid("worker-rust-1");
    cluster.signal("-9", pid);
    cluster.wait_for("the worker's death", || !cluster.is_alive(pid));

    let gone = cluster.check(&["--quick"]);
    cluster.wait_until_healthy();
    let back = cluster.check(&["--quick"]);

    let missing = gone.failed().contains(&"CV201");
    let restarted = !back.findings("CV207").is_empty();
    assert!(missing || restarted, "{:#}\n{:#}", gone.report, back.report);
}

#[test]
fn a_frozen_worker_is_told_from_a_dead_one() {
    let cluster = Cluster::take();
    let pid = cluster.pid("worker-rust-1");
    // The supervisor may replace a worker that does not answer; then there is nothing to wake.
    let _repair = Repair(|| {
        if cluster.is_alive(pid) {
            cluster.signal("-CONT", pid);
        }
    });
    cluster.signal("-STOP", pid);

    let verdict = cluster.check(&["--quick", "--only", "2"]);

    assert_eq!(verdict.failed(), ["CV210"], "{:#}", verdict.report);
}

#[test]
fn a_stranger_on_an_instances_port_is_named() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("start", "worker-rust-2"));
    let (_, instance) = cluster.topology.instance("worker-rust-2").unwrap();
    cluster.supervise("stop", "worker-rust-2");
    let stranger = TcpListener::bind(("127.0.0.1", instance.port)).unwrap();

    let verdict = cluster.check(&["--quick", "--only", "2"]);
    drop(stranger);

    assert!(verdict.failed().contains(&"CV202"), "{:#}", verdict.report);
    let finding = verdict.findings("CV202")[0].to_string();
    assert!(
        finding.contains(&std::process::id().to_string()),
        "{finding}"
    );
}
