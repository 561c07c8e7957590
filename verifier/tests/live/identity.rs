//! Processes that carry an instance's name without a right to it, and instances that lost theirs.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::cluster::Cluster;
use crate::fault::broken;
use crate::told::names;

const VICTIM: &str = "worker-rust-2";
/// Without the record of a worker that runs, nobody can say whose results are nobody's.
const RECORD_LESS: &str = "unknown without the identity record of worker-rust-2";

/// Without its pid file `services/launch` does not know that the instance runs, and starts another.
fn forget_pid(cluster: &Cluster) {
    std::fs::remove_file(cluster.pid_file(VICTIM)).unwrap();
}

#[test]
fn a_second_process_under_one_id_is_a_duplicate() {
    let cluster = Cluster::take();
    let supervised = cluster.pid(VICTIM);
    let (_, instance) = cluster.topology.instance(VICTIM).unwrap();
    let port = (instance.port + 7).to_string();
    let address = format!("127.0.0.1:{port}");
    let changes = [
        ("TASKER_INSTANCE_PORT", port.as_str()),
        ("TASKER_WEB_BIND_ADDRESS", address.as_str()),
    ];

    let verdict = broken(
        &cluster,
        &["--quick"],
        // Two cannot have one port, so the second has another one than was rendered.
        &["CV203", "CV205"],
        || {
            forget_pid(&cluster);
            cluster.launch(VICTIM, &changes)
        },
        // The second one took over the working folder: the first has to write its record again.
        || cluster.supervise("restart", VICTIM),
    );

    let pids = verdict.finding("CV205", VICTIM)["evidence"].to_string();
    assert!(pids.contains(&format!("pid {supervised}")), "{pids}");
    assert_eq!(pids.matches("\"pid ").count(), 2, "{pids}");
}

#[test]
fn a_process_that_no_supervisor_runs_is_an_orphan() {
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV206"],
        || cluster.replace(&cluster.topology, &[VICTIM], &[]),
        || cluster.start(&[VICTIM]),
    );

    names(
        verdict.finding("CV206", VICTIM),
        None,
        &["start worker-rust-2"],
    );
}

#[test]
fn a_stale_copy_on_the_port_is_told_from_the_supervised_instance() {
    let cluster = Cluster::take();

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV202", RECORD_LESS],
        || {
            let stale = cluster.replace(&cluster.topology, &[VICTIM], &[]);
            forget_pid(&cluster);
            cluster.supervise("start", VICTIM);
            let record = cluster.record(VICTIM);
            cluster.wait_for("the supervised one to begin anew", || !record.exists());
            stale
        },
        || cluster.supervise("restart", VICTIM),
    );

    names(verdict.finding("CV202", VICTIM), None, &["process-compose"]);
}

#[test]
fn an_instance_that_lost_its_identity_record_is_named() {
    let cluster = Cluster::take();
    broken(
        &cluster,
        &["--quick"],
        &["CV204", RECORD_LESS],
        || std::fs::remove_file(cluster.record(VICTIM)).unwrap(),
        || cluster.supervise("restart", VICTIM),
    );
}

#[test]
fn a_panic_in_the_log_is_quoted() {
    let cluster = Cluster::take();
    let log = cluster.state().join("logs").join(format!("{VICTIM}.log"));
    // With a time, as our services write it: a line without one counts for the run of the line above it.
    let now = chrono::Utc::now().to_rfc3339();
    let line = format!("{now} ERROR {VICTIM} instance::service: panic: seeded place=a/test.rs:1:1");

    let verdict = broken(
        &cluster,
        &["--quick"],
        &["CV211"],
        || {
            let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
            writeln!(file, "{line}").unwrap();
        },
        || blank(&log, &line),
    );

    names(verdict.finding("CV211", VICTIM), None, &["a/test.rs:1:1"]);
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
    // The system chooses a port that is free; nobody else is told of it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = free.local_addr().unwrap();
    drop(free);
    let (address, port) = (elsewhere.to_string(), elsewhere.port().to_string());
    let changes = [
        ("TASKER_WEB_BIND_ADDRESS", address.as_str()),
        ("TASKER_INSTANCE_PORT", port.as_str()),
    ];

    let verdict = broken(
        &cluster,
        &["--quick"],
        // It runs, started by hand and with another address than was rendered.
        &["CV203", "CV206", "CV401"],
        || cluster.replace(&cluster.topology, &[VICTIM], &changes),
        || cluster.start(&[VICTIM]),
    );

    names(
        verdict.finding("CV401", VICTIM),
        None,
        &["no answer to GET /health"],
    );
}
