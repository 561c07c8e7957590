//! The fault that this project began with: a worker with another service's environment.

use crate::cluster::{Cluster, Repair};

#[test]
fn a_worker_on_a_wrong_template_path_is_named_with_the_variable_and_what_it_lost() {
    let cluster = Cluster::take();
    let _repair = Repair(|| cluster.supervise("start", "worker-rust-2"));
    cluster.supervise("stop", "worker-rust-2");
    let wrong = cluster.state().join("wrong-templates");
    std::fs::create_dir_all(&wrong).unwrap();
    std::fs::write(wrong.join("other.yaml"), OTHER).unwrap();
    let path = wrong.display().to_string();
    let by_hand = cluster.launch("worker-rust-2", &[("TASKER_TEMPLATE_PATH", &path)]);

    let verdict = cluster.check(&[]);
    drop(by_hand);
    std::fs::remove_dir_all(&wrong).unwrap();

    assert_eq!(verdict.status, Some(1));
    assert!(verdict.failed().contains(&"CV203"), "{:#}", verdict.report);
    assert!(verdict.failed().contains(&"CV309"), "{:#}", verdict.report);
    let finding = verdict.findings("CV309")[0].to_string();
    for part in [
        "worker-rust-2",
        "TASKER_TEMPLATE_PATH",
        "rust_e2e_linear",
        &path,
    ] {
        assert!(finding.contains(part), "{part} is not in {finding}");
    }
    // All its health is green.
    let idle = verdict.all_findings("CV410");
    assert_eq!(idle.len(), 1, "{:#}", verdict.report);
    assert_eq!(idle[0]["subject"], "worker-rust-2");
    // The sibling still serves them all: nobody is left without a subscriber.
    assert!(!verdict.failed().contains(&"CV308"), "{:#}", verdict.report);
}

const OTHER: &str = "\
name: other
namespace_name: rust_e2e_linear_elsewhere
version: 1.0.0
steps:
  - name: only
    handler: {callable: linear_step_1, initialization: {}}
    dependencies: []
    retry: {retryable: true, max_attempts: 1, backoff: exponential}
";
