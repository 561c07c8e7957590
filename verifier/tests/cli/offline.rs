//! `check --offline` on the project's own files, whole and broken.

use crate::program::cluster_verify;
use crate::project::Project;

#[test]
fn the_projects_own_files_pass() {
    let project = Project::healthy();

    let text = cluster_verify(&["check", "--offline"])
        .within(project.root())
        .stdout_holding(&["configuration\n  ok      CV101 ", "\nverdict: passed  "])
        .run();

    assert!(
        !text.contains("FAILED") && !text.contains("unknown"),
        "{text}"
    );
}

#[test]
fn what_is_recorded_is_judged_the_same_when_it_is_replayed() {
    let project = Project::healthy();
    let checks = |text: &str| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(text).unwrap()["checks"].clone()
    };

    let first = cluster_verify(&["check", "--offline", "--record", "e.json", "-o", "json"])
        .within(project.root())
        .stdout_holding(&["\"verdict\": \"passed\""])
        .run();
    let again = cluster_verify(&[
        "check", "--replay", "e.json", "--only", "1", "--skip", "123", "-o", "json",
    ])
    .within(project.root())
    .stdout_holding(&["\"verdict\": \"passed\""])
    .run();

    assert_eq!(checks(&first), checks(&again));
}

/// All of `config/findings.toml` that these tests need.
const ACCEPTED: &str = "[[finding]]\ncode = \"CV104\"\ntarget = \"*\"\nreason = \"on purpose\"\n\
    engine = \"0.1.8\"\nprofiles = [\"stock\"]\nexpires = \"2999-12-31\"\n";

#[test]
fn a_recording_is_judged_without_a_checkout_by_what_was_accepted_where_it_was_made() {
    let project = Project::healthy();
    project.write("config/findings.toml", ACCEPTED);
    project.replace(
        "process-compose.yaml",
        "is_strict: true",
        "is_strict: false",
    );
    let file = project.path("e.json");
    cluster_verify(&["check", "--offline", "--only", "104", "--record", &file])
        .within(project.root())
        .stdout_holding(&["  known   CV104", "verdict: passed"])
        .run();
    // What is accepted here and now is not what was accepted there and then.
    project.write("config/findings.toml", "");

    for folder in [project.root(), &std::env::temp_dir()] {
        cluster_verify(&["check", "--replay", &file, "--only", "104"])
            .within(folder)
            .stdout_holding(&["  known   CV104", "1 known: on purpose", "verdict: passed"])
            .run();
    }
    cluster_verify(&["check", "--replay", &file, "--only", "104", "--strict"])
        .stdout_holding(&["  FAILED  CV104"])
        .status(1)
        .run();
}

#[test]
fn a_stale_file_is_a_finding_with_the_command_that_mends_it() {
    let project = Project::healthy();
    project.replace(
        "process-compose.yaml",
        "is_strict: true",
        "is_strict: false",
    );

    cluster_verify(&["check", "--offline", "--only", "CV104", "-o", "short"])
        .within(project.root())
        .stdout_holding(&["CV104 process-compose.yaml: ", "cluster-verify render"])
        .status(1)
        .run();
}

#[test]
fn of_the_checks_that_need_no_process_only_those_asked_for_are_made() {
    let project = Project::healthy();

    let text = cluster_verify(&["check", "--offline", "--only", "104,308"])
        .within(project.root())
        .stdout_holding(&["CV104", "verdict: passed  1 checks: 1 ok"])
        .run();

    assert!(!text.contains("CV101"), "{text}");
}

#[test]
fn a_key_that_is_none_is_told_with_file_line_and_key() {
    let project = Project::healthy();
    project.replace(
        "config/cluster.toml",
        "\nmax_connections =",
        "\nmax_conections =",
    );

    cluster_verify(&["check", "--offline"])
        .within(project.root())
        .stdout_holding(&[
            "FAILED  CV101",
            "config/cluster.toml:",
            "max_conections",
            "max_connections",
            "verdict: misconfigured",
        ])
        .status(3)
        .run();
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line() {
    let project = Project::healthy();
    project.write("config/cluster.toml", "version = 1\n[engine\n");

    cluster_verify(&["check", "--offline"])
        .within(project.root())
        .stdout_holding(&[
            "FAILED  CV101",
            "config/cluster.toml:2:",
            "verdict: misconfigured",
        ])
        .status(3)
        .run();
}

#[test]
fn accepted_findings_that_do_not_parse_stop_the_check() {
    let project = Project::healthy();
    project.write("config/findings.toml", "[[finding]]\ncode = 7\n");

    cluster_verify(&["check", "--offline"])
        .within(project.root())
        .stderr(
            "cluster-verify: config/findings.toml:2:8: invalid type: integer `7`, expected a \
             string\n",
        )
        .status(3)
        .run();
}
