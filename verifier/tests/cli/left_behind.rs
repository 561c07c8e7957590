//! A shell and a state folder that are not as this checkout would have them.

use crate::program::cluster_verify;
use crate::project::Project;

#[test]
fn the_cluster_of_another_checkouts_shell_is_not_taken_for_this_ones() {
    let (project, other) = (Project::healthy(), Project::healthy());
    let theirs = other.path(".cluster");

    for (name, value) in [
        ("TASKER_CLUSTER_STATE", theirs.clone()),
        ("PC_SOCKET_PATH", format!("{theirs}/pc.sock")),
    ] {
        cluster_verify(&["check", "--offline", "--only", "101"])
            .within(project.root())
            .with_variable("TASKER_CLUSTER_ROOT", &other.path(""))
            .with_variable(name, &value)
            .stderr(format!(
                "cluster-verify: {name} of this shell is the cluster of {}, and this is {}; run \
                 `./dev shell` here, or `unset TASKER_CLUSTER_ROOT TASKER_CLUSTER_STATE PC_SOCKET_PATH`\n",
                other.path(""),
                project.root().display()
            ))
            .status(3)
            .run();
    }
}

#[test]
fn a_state_folder_that_somebody_chose_is_used() {
    let (project, other) = (Project::healthy(), Project::healthy());
    other.write("chosen/selection.json", "{\"mode\": \"single\"}");
    let ask = || {
        cluster_verify(&["env"])
            .within(project.root())
            .with_variable("TASKER_CLUSTER_STATE", &other.path("chosen"))
            .stdout_holding(&["TASKER_TEST_WORKER_TS_URL=http://localhost:8085\n"])
    };

    ask().run();
    for root in [project.path(""), other.path("")] {
        ask().with_variable("TASKER_CLUSTER_ROOT", &root).run();
    }
}

#[test]
fn a_selection_that_cannot_be_read_is_not_the_default() {
    let project = Project::healthy();
    project.write(".cluster/selection.json/it-is-a-folder", "");

    cluster_verify(&["env"])
        .within(project.root())
        .stderr(format!(
            "cluster-verify: read {}: Is a directory (os error 21)\n",
            project.path(".cluster/selection.json")
        ))
        .status(3)
        .run();
}
