//! The fault that this project began with: workers with another service's environment.

use crate::cluster::Cluster;
use crate::described::OtherTemplates;
use crate::fault::broken;
use crate::subscriptions::Poller;
use crate::told::names;

const BOTH: [&str; 2] = ["worker-rust-1", "worker-rust-2"];
const VARIABLE: &str = "TASKER_TEMPLATE_PATH";
/// The line of the layer from which they should have it.
const ORIGIN: &str = "config/env/worker-rust.env:";

/// A process that was started by hand with another environment is just that; all else follows from its environment.
const CAUSES: [&str; 2] = ["CV203", "CV206"];

#[test]
fn a_worker_on_a_wrong_template_path_is_named_with_the_variable_and_what_it_lost() {
    let cluster = Cluster::take();
    cluster.archive_dead_messages();
    let [_, victim] = BOTH;
    let templates = OtherTemplates::new(&cluster);
    let path = templates.path();

    let verdict = broken(
        &cluster,
        &[],
        &CAUSES,
        || cluster.replace(&cluster.topology, &[victim], &[(VARIABLE, &path)]),
        || cluster.start(&[victim]),
    );

    let cause = Some("CV203");
    let told = [VARIABLE, &path, ORIGIN];
    let lost = verdict.finding("CV309", victim);
    names(lost, cause, &[&told[..], &["rust_e2e_linear"]].concat());
    // All its health is green.
    names(verdict.finding("CV410", victim), cause, &told);
    // The sibling still serves them all: nobody is left without a subscriber, and every task ends.
    for code in ["CV308", "CV502"] {
        assert_eq!(verdict.findings(code).len(), 0, "{verdict}");
    }
}

/// TAS-73: every health check is green, and tasks hang.
#[test]
fn tasks_that_hang_because_all_their_workers_are_misled_lead_to_the_variable_and_its_line() {
    let cluster = Cluster::take();
    cluster.archive_dead_messages();
    let templates = OtherTemplates::new(&cluster);
    let path = templates.path();

    let verdict = broken(
        &cluster,
        &[],
        &CAUSES,
        || {
            // A worker that stops leaves its session in the middle of a poll, under the name of the one that follows it.
            let left = Poller::start(&cluster, BOTH[0], "worker_rust_e2e_linear_queue");
            let misled = cluster.replace(&cluster.topology, &BOTH, &[(VARIABLE, &path)]);
            (left, misled)
        },
        || cluster.start(&BOTH),
    );

    let cause = Some("CV203");
    for instance in BOTH {
        let differs = verdict.finding("CV203", instance);
        names(differs, None, &[VARIABLE, &path, ORIGIN]);
        let lost = verdict.finding("CV309", instance);
        names(lost, cause, &[VARIABLE, &path, ORIGIN, "rust_e2e_linear"]);
    }
    let nobody = verdict.finding("CV308", "namespace rust_e2e_linear");
    names(nobody, cause, &["worker_rust_e2e_linear_queue"]);
    let canaries = verdict.findings("CV502");
    let of_linear = canaries
        .iter()
        .find(|it| it["evidence"]["queue"] == "worker_rust_e2e_linear_queue");
    let hanging = of_linear.unwrap_or_else(|| panic!("{verdict}"));
    names(
        hanging,
        cause,
        &["linear_step_1", BOTH[0], VARIABLE, &path, ORIGIN],
    );
    assert_eq!(verdict.findings("CV402").len(), 0, "{verdict}");
}
