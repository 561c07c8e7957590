//! Arguments of `check` that are refused, and recordings.

use crate::program::cluster_verify;
use crate::project::Project;

#[test]
fn a_duration_needs_a_number_and_a_unit() {
    cluster_verify(&["check", "--since", "soon"])
        .stderr(
            "error: invalid value 'soon' for '--since <DURATION>': expected a duration such as \
             90s, 10m or 2h\n\nFor more information, try '--help'.\n",
        )
        .status(3)
        .run();
}

#[test]
fn a_word_that_is_no_check_is_refused_before_anything_is_looked_at() {
    let project = Project::healthy();

    cluster_verify(&["check", "--only", "CV308,nonsense", "--skip", "9"])
        .within(project.root())
        .stderr(
            "cluster-verify: no check and no family is called nonsense, 9; `cluster-verify codes` \
             lists all\n",
        )
        .status(3)
        .run();
}

#[test]
fn a_run_that_would_judge_nothing_is_refused() {
    let project = Project::healthy();
    let left =
        "cluster-verify: `--only` and `--skip` leave no check; `cluster-verify codes` lists all\n";

    cluster_verify(&["check", "--only", "308", "--skip", "3"])
        .within(project.root())
        .stderr(left)
        .status(3)
        .run();
    cluster_verify(&["check", "--skip", "1,2,3,4,5,6"])
        .within(project.root())
        .stderr(left)
        .status(3)
        .run();
    cluster_verify(&["check", "--offline", "--only", "308"])
        .within(project.root())
        .stderr(
            "cluster-verify: `--only` and `--skip` leave none of the checks that `--offline` judges; \
             `cluster-verify codes` lists all\n",
        )
        .status(3)
        .run();
}

#[test]
fn a_run_that_was_told_not_to_look_at_what_it_should_judge_did_not_pass() {
    let project = Project::healthy();
    cluster_verify(&["check", "--offline", "--record", "e.json"])
        .within(project.root())
        .stdout_holding(&["verdict: passed"])
        .run();

    cluster_verify(&["check", "--replay", "e.json", "--only", "502"])
        .within(project.root())
        .stdout_holding(&[
            "  -       CV502 ",
            "verdict: unknown  1 checks: 0 ok, 1 left out\nnothing was judged: ",
        ])
        .status(2)
        .run();
}

#[test]
fn garbage_is_no_recording() {
    let project = Project::healthy();
    project.write("evidence.json", "{\"format\": \"what\"");

    cluster_verify(&["check", "--replay", "evidence.json"])
        .within(project.root())
        .stderr(
            "cluster-verify: evidence.json: not recorded evidence: invalid type: string \"what\", \
             expected u32 at line 1 column 17\n",
        )
        .status(3)
        .run();
}

#[test]
fn a_recording_that_is_not_there_is_named() {
    let project = Project::healthy();

    cluster_verify(&["check", "--replay", "nothing.json"])
        .within(project.root())
        .stderr("cluster-verify: read nothing.json: No such file or directory (os error 2)\n")
        .status(3)
        .run();
}

#[test]
fn a_folder_without_a_project_is_no_place_to_work() {
    cluster_verify(&["check"])
        .within(&std::env::temp_dir())
        .stderr(
            "cluster-verify: no config/cluster.toml here or above; run this in the project or pass \
             `--project DIR`\n",
        )
        .status(3)
        .run();
}
