//! Arguments of `check` that are refused, and recordings.

use cluster_verify::evidence::FORMAT;

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
fn a_recording_of_another_version_is_to_be_made_again_whatever_else_is_in_it() {
    let project = Project::healthy();
    project.write("evidence.json", "{\"format\": 99, \"topology\": 7}");

    cluster_verify(&["check", "--replay", "evidence.json"])
        .within(project.root())
        .stderr(format!(
            "cluster-verify: evidence.json: recorded in format 99, this version reads {FORMAT}; record \
             it again\n"
        ))
        .status(3)
        .run();
}

#[test]
fn a_recording_that_cannot_be_written_is_refused_before_anything_is_looked_at() {
    let project = Project::healthy();

    cluster_verify(&["check", "--offline", "--record", "nowhere/e.json"])
        .within(project.root())
        .stderr("cluster-verify: write nowhere/e.json: entity not found\n")
        .status(3)
        .run();
    let folder = project.path("config");
    cluster_verify(&["check", "--offline", "--record", "config"])
        .within(project.root())
        .stderr(format!(
            "cluster-verify: write {folder}: Is a directory (os error 21)\n"
        ))
        .status(3)
        .run();
}

/// Other systems have no device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_recorded_in_the_end_costs_no_verdict() {
    let project = Project::healthy();

    cluster_verify(&["check", "--offline", "--record", "/dev/full"])
        .within(project.root())
        .stdout_holding(&["verdict: passed"])
        .stderr("cluster-verify: write /dev/full: No space left on device (os error 28)\n")
        .status(3)
        .run();
}

#[test]
fn a_recording_replaces_what_was_there_and_leaves_nothing_beside_it() {
    let project = Project::healthy();
    project.write("kept/e.json", "an older one");

    cluster_verify(&["check", "--offline", "--record", "kept/e.json"])
        .within(project.root())
        .stdout_holding(&["verdict: passed"])
        .run();

    assert!(
        project
            .read("kept/e.json")
            .starts_with(&format!("{{\"format\":{FORMAT},"))
    );
    let beside = std::fs::read_dir(project.path("kept")).unwrap();
    assert_eq!(beside.count(), 1);
}

#[test]
fn a_recording_has_the_time_that_it_was_made_with() {
    cluster_verify(&["check", "--replay", "e.json", "--since", "10m"])
        .stderr(
            "error: the argument '--replay <FILE>' cannot be used with '--since <DURATION>'\n\n\
             Usage: cluster-verify check --replay <FILE>\n\nFor more information, try '--help'.\n",
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
fn a_long_wait_says_off_a_terminal_too_what_it_waits_for() {
    let project = Project::healthy();

    cluster_verify(&["check", "--wait=11", "--only", "101"])
        .within(project.root())
        .stdout_holding(&["verdict: passed"])
        .stderr_holding(&[
            "cluster-verify: 10 s: waiting for orchestration-1 (stopped), orchestration-2 (stopped), \
             worker-rust-1 (stopped) and 7 more, ",
        ])
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
