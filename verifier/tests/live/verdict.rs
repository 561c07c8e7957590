//! The verdict on a healthy cluster, and that it can be kept and judged again.

use crate::cluster::Cluster;

#[test]
fn a_healthy_cluster_passes_and_what_the_engine_does_wrong_is_known() {
    let cluster = Cluster::take();

    let verdict = cluster.check(&[]);

    assert_eq!(verdict.failed(), [""; 0], "{verdict}");
    assert_eq!(verdict.status, Some(0), "{verdict}");
    assert!(verdict.checks().count() >= 25);
}

#[test]
fn recorded_evidence_leads_to_the_same_verdict() {
    let cluster = Cluster::take();
    let file = cluster.state().join("evidence.json");
    let name = file.display().to_string();

    let live = cluster.check(&["--quick", "--record", &name]);
    let replayed = cluster.check(&["--replay", &name]);
    let recorded = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();

    assert_eq!(live.report["checks"], replayed.report["checks"]);
    let password = std::fs::read_to_string(cluster.state().join("database.password")).unwrap();
    assert!(
        !recorded.contains(password.trim()),
        "the password stands in the evidence"
    );
}
