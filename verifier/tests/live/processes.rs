//! Instances that are gone, stopped, or not who they seem to be.

use std::net::TcpListener;

use crate::cluster::Cluster;
use crate::fault::broken;
use crate::told::names;

const VICTIM: &str = "worker-rust-2";

#[test]
fn an_instance_that_was_stopped_is_missing() {
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV201"],
        || cluster.supervise("stop", VICTIM),
        || cluster.start(&[VICTIM]),
    );

    names(verdict.finding("CV201", VICTIM), None, &[]);
}

#[test]
fn a_worker_that_was_killed_is_gone_and_then_seen_to_have_come_back() {
    /// No process, or one that has not written its record and does not answer, or is not ready: which of them it is
    /// depends on how far the supervisor is.
    const ON_ITS_WAY: [&str; 5] = ["CV201", "CV204", "CV207", "CV401", "CV402"];
    let cluster = Cluster::take();
    let before = cluster.check(&["--quick"]).told();
    let pid = cluster.pid(VICTIM);
    cluster.signal("-9", pid);
    cluster.wait_for("the worker's death", || !cluster.is_alive(pid));

    let gone = cluster.check(&["--quick"]);
    cluster.wait_until_healthy();
    let back = cluster.check(&["--quick"]);

    let told = gone.told();
    let related = |code: &&String| before.contains(code) || ON_ITS_WAY.contains(&code.as_str());
    assert!(told.iter().all(|code| related(&code)), "{gone}");
    for code in ON_ITS_WAY.iter().filter(|code| **code != "CV207") {
        for finding in gone.findings(code) {
            assert_eq!(finding["subject"], VICTIM, "{gone}");
        }
    }
    // An earlier test may have left the warning about another one.
    assert_eq!(back.status, Some(0), "{back}");
    let mut left = back.told();
    left.retain(|code| code == "CV207" || !before.contains(code));
    assert_eq!(left, ["CV207"], "{back}");
    names(back.finding("CV207", VICTIM), None, &[]);
}

#[test]
fn a_frozen_worker_is_told_from_a_dead_one() {
    let cluster = Cluster::take();
    let pid = cluster.pid(VICTIM);

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV210"],
        || cluster.signal("-STOP", pid),
        || cluster.signal("-CONT", pid),
    );

    let finding = verdict.finding("CV210", VICTIM);
    names(finding, None, &[&format!("kill -CONT {pid}")]);
}

#[test]
fn a_worker_that_ended_and_whose_parent_has_not_noticed_is_a_zombie() {
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV210"],
        || {
            let mut by_hand = cluster.replace(&cluster.topology, &[VICTIM], &[]);
            by_hand.iter_mut().for_each(|it| it.kill_unnoticed());
            by_hand
        },
        || cluster.start(&[VICTIM]),
    );

    let finding = verdict.finding("CV210", VICTIM);
    names(finding, None, &["Zombie", "process restart"]);
}

#[test]
fn a_stranger_on_an_instances_port_is_named() {
    let cluster = Cluster::take();
    let (_, instance) = cluster.topology.instance(VICTIM).unwrap();

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV202"],
        || {
            cluster.supervise("stop", VICTIM);
            TcpListener::bind(("127.0.0.1", instance.port)).unwrap()
        },
        || cluster.start(&[VICTIM]),
    );

    let finding = verdict.finding("CV202", VICTIM);
    names(finding, None, &[&std::process::id().to_string()]);
}
