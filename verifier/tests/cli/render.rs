//! `render`.

use std::os::unix::net::UnixListener;

use crate::program::cluster_verify;
use crate::project::Project;

#[test]
fn what_is_current_needs_no_word() {
    let project = Project::healthy();

    cluster_verify(&["render", "--check"])
        .within(project.root())
        .run();
    cluster_verify(&["render"]).within(project.root()).run();
}

#[test]
fn what_is_stale_or_missing_is_told_with_its_line_and_written_anew() {
    let project = Project::healthy();
    let text = project.read("config/env/generated/tests.env");
    project.write(
        "config/env/generated/tests.env",
        &text.replacen("TASKER_TEST_MODE", "X", 1),
    );
    std::fs::remove_file(project.root().join("process-compose.yaml")).unwrap();

    cluster_verify(&["render", "--check"])
        .within(project.root())
        .stderr(
            "cluster-verify: process-compose.yaml: is missing\n\
             config/env/generated/tests.env:2: is not what config/ renders to\n\
             run `cluster-verify render`\n",
        )
        .status(1)
        .run();
    cluster_verify(&["render"])
        .within(project.root())
        .stdout("wrote process-compose.yaml\nwrote config/env/generated/tests.env\n")
        .run();
    cluster_verify(&["render", "--check"])
        .within(project.root())
        .run();
}

#[test]
fn a_profile_that_is_none_is_answered_with_those_that_are() {
    let project = Project::healthy();

    cluster_verify(&["render", "--run", "--profile", "fast"])
        .within(project.root())
        .stderr("cluster-verify: no engine profile `fast`; there are polling, stock\n")
        .status(3)
        .run();
}

#[test]
fn a_split_cluster_names_its_second_database_and_has_connections_for_its_pools() {
    let project = Project::healthy();

    cluster_verify(&["render", "--run", "--split"])
        .within(project.root())
        .stdout_holding(&["process-compose.yaml\n"])
        .run();

    let text = project.read(".cluster/process-compose.yaml");
    // One for `postgres`, one for `migrate`, one for each of ten instances.
    assert_eq!(text.matches("- PGMQ_DATABASE=tasker_queues\n").count(), 12);
    // 2 servers with 30 + 15 + 10, 8 workers with 30 + 10, and 10 for tools.
    assert!(text.contains("- TASKER_POSTGRES_MAX_CONNECTIONS=440\n"));
}

#[test]
fn more_instances_get_more_connections_and_none_leaves_a_service_out() {
    let project = Project::healthy();

    cluster_verify(&["render", "--run"])
        .within(project.root())
        .with_variable("TASKER_WORKER_RUST_INSTANCES", "10")
        .with_variable("TASKER_WORKER_RUBY_INSTANCES", "0")
        .stdout_holding(&["process-compose.yaml\n"])
        .run();

    let text = project.read(".cluster/process-compose.yaml");
    assert!(text.contains("\n  worker-rust-10:\n"));
    assert!(!text.contains("worker-ruby"));
    assert!(text.contains("- TASKER_POSTGRES_MAX_CONNECTIONS=520\n"));
}

#[test]
fn a_checkout_of_the_engine_is_named_by_status_with_version_path_and_commit() {
    let project = Project::healthy();
    project.write(
        "engine.json",
        r#"{"path": "/src/tasker-core", "version": "0.2.0", "commit": "1f3a-dirty", "content": "ab12", "migrations": [1]}"#,
    );

    cluster_verify(&[
        "render",
        "--run",
        "--mode",
        "minimal",
        "--engine",
        "engine.json",
    ])
    .within(project.root())
    .stdout_holding(&["process-compose.yaml\n"])
    .run();

    cluster_verify(&["status", "--quick"])
        .within(project.root())
        .stdout_holding(&[
            "0 of 4 instances are well: engine 0.2.0 from /src/tasker-core, commit 1f3a-dirty, \
             profile stock, mode minimal\n",
        ])
        .status(1)
        .run();
}

#[test]
fn a_record_of_an_engine_that_is_none_names_the_file() {
    let project = Project::healthy();
    project.write("engine.json", "{}");

    cluster_verify(&["render", "--run", "--engine", "engine.json"])
        .within(project.root())
        .stderr("cluster-verify: engine.json: missing field `path` at line 1 column 2\n")
        .status(3)
        .run();
}

#[test]
fn a_count_that_is_no_number_names_its_variable() {
    let project = Project::healthy();

    cluster_verify(&["render", "--run"])
        .within(project.root())
        .with_variable("TASKER_WORKER_RUST_INSTANCES", "many")
        .stderr(
            "cluster-verify: TASKER_WORKER_RUST_INSTANCES=many: expected a number from 0 to 10\n",
        )
        .status(3)
        .run();
}

#[test]
fn what_describes_one_run_is_refused_for_the_checked_in_files() {
    let project = Project::healthy();

    for option in [&["--split"][..], &["--mode", "minimal"]] {
        cluster_verify(&[&["render"], option].concat())
            .within(project.root())
            .stderr(
                "cluster-verify: --mode, --profile, --split and --port-offset describe one run, and the checked-in \
                 files are the default's: add --run\n",
            )
            .status(3)
            .run();
    }
}

#[test]
fn a_look_writes_nothing_also_for_one_run() {
    let project = Project::healthy();

    cluster_verify(&["render", "--check", "--run"])
        .within(project.root())
        .stderr(
            "error: the argument '--check' cannot be used with '--run'\n\n\
             Usage: cluster-verify render --check\n\n\
             For more information, try '--help'.\n",
        )
        .status(3)
        .run();

    assert!(!project.root().join(".cluster").exists());
}

#[test]
fn the_files_of_a_running_cluster_are_not_written_over() {
    let project = Project::healthy();
    project.write(".cluster/selection.json", "{}");
    let _supervisor = UnixListener::bind(project.root().join(".cluster/pc.sock")).unwrap();

    cluster_verify(&["render", "--run", "--split"])
        .within(project.root())
        .stderr(
            "cluster-verify: a cluster runs here, and its own files lie where these would go; \
             `./dev down` stops it\n",
        )
        .status(3)
        .run();

    assert_eq!(project.read(".cluster/selection.json"), "{}");
}
