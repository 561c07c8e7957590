//! Processes that carry an instance's name without a right to it, and instances that lost theirs.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::cluster::{Cluster, Repair, Verdict};

const VICTIM: &str = "worker-rust-2";

/// Whatever cargo sets for its tests, an instance started by one has and its siblings have not.
const BY_HAND: &str = "CV112";

pub fn assert_failed(verdict: &Verdict, expected: &[&str]) {
    let failed: Vec<&str> = verdict
        .failed()
        .into_iter()
        .filter(|code| *code != BY_HAND)
        .collect();
    assert_eq!(failed, expected, "{:#}", verdict.report);
}

/// Without its pid file `services/launch` does not know that the instance runs, and starts another.
fn forget_pid(cluster: &Cluster) {
    let file = cluster.state().join("pids").join(format!("{VICTIM}.pid"));
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_second_process_under_one_id_is_a_duplicate() {
    let cluster = Cluster::take();
    // The second one took over the working folder: the first has to write its record again.
    let _repair = Repair(|| cluster.supervise("restart", VICTIM));
    let supervised = cluster.pid(VICTIM);
    let (_, instance) = cluster.topology.instance(VICTIM).unwrap();
    let port = (instance.port + 7).to_string();
    let address = format!("127.0.0.1:{port}");
    forget_pid(&cluster);
    let by_hand = cluster.launch(
        VICTIM,
        &[
            ("TASKER_INSTANCE_PORT", &port),
            ("TASKER_WEB_BIND_ADDRESS", &address),
        ],
    );

    let verdict = cluster.check(&["--quick", "--only", "2"]);

    assert_failed(&verdict, &["CV203", "CV205"]);
    let finding = verdict.findings("CV205")[0].to_string();
    for pid in [supervised, by_hand.pid()] {
        assert!(finding.contains(&pid.to_string()), "{finding}");
    }
}

#[test]
fn a_process_that_no_supervisor_runs_is_an_orphan() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("start", VICTIM));
    cluster.supervise("stop", VICTIM);
    let by_hand = cluster.launch(VICTIM, &[]);

    let verdict = cluster.check(&["--quick"]);

    assert_failed(&verdict, &["CV206"]);
    let finding = verdict.findings("CV206")[0].to_string();
    assert!(finding.contains(&by_hand.pid().to_string()), "{finding}");
}

#[test]
fn a_stale_copy_on_the_port_is_told_from_the_supervised_instance() {
    let cluster = Cluster::take();
    cluster.supervise("stop", VICTIM);
    let stale = cluster.launch(VICTIM, &[]);
    forget_pid(&cluster);
    cluster.supervise("start", VICTIM);

    let verdict = cluster.check(&["--quick", "--only", "2"]);
    drop(stale);

    assert_failed(&verdict, &["CV202"]);
}

#[test]
fn an_instance_that_lost_its_identity_record_is_named() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("restart", VICTIM));
    let record = cluster
        .state()
        .join("run")
        .join(VICTIM)
        .join("identity.json");
    std::fs::remove_file(record).unwrap();

    let verdict = cluster.check(&["--quick", "--only", "2"]);

    assert_failed(&verdict, &["CV204"]);
}

#[test]
fn a_panic_in_the_log_is_quoted() {
    let cluster = Cluster::take();
    let log = cluster.state().join("logs").join(format!("{VICTIM}.log"));
    // With a time, as our services write it: a line without one counts for the run of the line above it.
    let now = chrono::Utc::now().to_rfc3339();
    let line = format!("{now} ERROR {VICTIM} instance::service: panic: seeded place=a/test.rs:1:1");
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    writeln!(file, "{line}").unwrap();

    let verdict = cluster.check(&["--quick", "--only", "2"]);
    blank(&log, &line);

    assert_failed(&verdict, &["CV211"]);
    let finding = verdict.findings("CV211")[0].to_string();
    assert!(finding.contains("a/test.rs:1:1"), "{finding}");
}

/// In place: process-compose goes on writing to the file, at a place of its own, and may have written over the line.
fn blank(log: &Path, line: &str) {
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned();
    let Some(at) = text.rfind(line) else {
        return;
    };
    let at = u64::try_from(at).unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(log).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(" ".repeat(line.len()).as_bytes()).unwrap();
}

#[test]
fn an_instance_on_another_port_than_its_own_is_unreachable() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("start", VICTIM));
    cluster.supervise("stop", VICTIM);
    // The system chooses a port that is free; nobody else is told of it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = free.local_addr().unwrap();
    drop(free);
    let (address, port) = (elsewhere.to_string(), elsewhere.port().to_string());
    let changes = [
        ("TASKER_WEB_BIND_ADDRESS", address.as_str()),
        ("TASKER_INSTANCE_PORT", port.as_str()),
    ];
    let by_hand = cluster.launch(VICTIM, &changes);

    let verdict = cluster.check(&["--quick", "--only", "2,4"]);
    drop(by_hand);

    assert!(verdict.failed().contains(&"CV203"), "{:#}", verdict.report);
    let unreachable = &verdict.all_findings("CV401")[0];
    assert_eq!(unreachable["subject"], VICTIM, "{:#}", verdict.report);
}
