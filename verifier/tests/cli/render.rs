//! `render`.

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
