//! Clusters known by their addresses: servers of this test answer there, well or badly.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::cluster_verify;
use crate::project::Project;
use crate::stand_in::{Manner, stand_in};

/// The address of a server that answers everything in the same manner.
fn server(manner: Manner) -> String {
    stand_in(manner, manner, manner).url
}

fn description(orchestration: &[String], more: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    writeln!(file, "orchestration = {orchestration:?}\n{more}").unwrap();
    file
}

#[test]
fn an_instance_that_answers_badly_in_any_manner_is_a_finding_in_time() {
    let manners = [
        Manner::Slowly,
        Manner::Half,
        Manner::Garbage,
        Manner::Long,
        Manner::Never,
    ];
    let mut addresses = vec![server(Manner::WELL)];
    addresses.extend(manners.map(server));
    let file = description(&addresses, "");
    let name = file.path().display().to_string();
    let begun = Instant::now();

    let text = cluster_verify(&["check", "--cluster", &name, "--only", "401", "-o", "json"])
        .stdout_holding(&[])
        .status(1)
        .run();

    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
    let report: Value = serde_json::from_str(&text).unwrap();
    let findings = report["checks"][0]["outcome"]["findings"]
        .as_array()
        .unwrap();
    let of = |id: &str| {
        let finding = findings.iter().find(|finding| finding["subject"] == id);
        finding.map(|finding| finding["observed"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("orchestration-1"), None);
    for (id, said) in [
        ("orchestration-2", "no answer within"),
        ("orchestration-5", "longer than"),
        ("orchestration-6", "no answer within"),
    ] {
        let observed = of(id).unwrap_or_else(|| panic!("{id}: {text}"));
        assert!(observed.contains(said), "{observed}");
    }
    assert!(
        of("orchestration-3").is_some() && of("orchestration-4").is_some(),
        "{text}"
    );
}

#[test]
fn without_a_database_its_checks_are_unknown_and_so_is_the_verdict() {
    let url = server(Manner::WELL);

    let text = cluster_verify(&[
        "check",
        "--cluster",
        "env",
        "--only",
        "101,301,401,601",
        "-o",
        "short",
    ])
    .with_variable("TASKER_TEST_ORCHESTRATION_URLS", &url)
    .stdout_holding(&[
        "CV101 unknown: the cluster's files and processes not seen",
        "CV301 unknown: the database not seen: no address of it was given",
        "CV601 unknown: ",
    ])
    .status(2)
    .run();

    assert!(!text.contains("CV401"), "{text}");
}

#[test]
fn a_database_that_was_named_and_does_not_answer_is_a_finding() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let more = "database = \"$SOME_DATABASE\"";
    let file = description(&[server(Manner::WELL)], more);
    let name = file.path().display().to_string();

    let text = cluster_verify(&["check", "--cluster", &name, "--only", "301", "-o", "short"])
        .with_variable(
            "SOME_DATABASE",
            &format!("postgresql://me:s3cr3t@{free}/tasker"),
        )
        .stdout_holding(&["CV301 database tasker: the verifier could not look at it"])
        .status(1)
        .run();

    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn what_this_project_accepts_is_recorded_of_another_cluster_too() {
    let project = Project::healthy();
    let file = description(&[server(Manner::WELL)], "");
    let name = file.path().display().to_string();

    cluster_verify(&[
        "check",
        "--cluster",
        &name,
        "--only",
        "401",
        "--record",
        "e.json",
    ])
    .within(project.root())
    .stdout_holding(&["verdict: passed"])
    .run();

    let recorded: Value = serde_json::from_str(&project.read("e.json")).unwrap();
    let accepted = recorded["configuration"]["accepted"].as_array().unwrap();
    assert!(accepted.iter().any(|entry| entry["code"] == "CV601"));
}

#[test]
fn a_description_that_is_wrong_is_named_with_its_line() {
    let file = description(&["http://127.0.0.1:1".to_owned()], "workers = 7");
    let name = file.path().display().to_string();
    cluster_verify(&["check", "--cluster", &name])
        .stderr(format!(
            "cluster-verify: {name}:2:11: invalid type: integer `7`, expected a map\n"
        ))
        .status(3)
        .run();

    cluster_verify(&["check", "--cluster", "env"])
        .stderr("cluster-verify: TASKER_TEST_ORCHESTRATION_URLS: names no orchestration server\n")
        .status(3)
        .run();
}

#[test]
fn where_no_database_is_described_there_is_nothing_to_prune_and_one_that_is_silent_is_unknown() {
    let file = description(&["http://127.0.0.1:1".to_owned()], "");
    let name = file.path().display().to_string();
    cluster_verify(&["prune", "--cluster", &name])
        .stderr(format!(
            "cluster-verify: {name}: names no database from which to remove anything\n"
        ))
        .status(3)
        .run();

    let nobody = "database = \"postgresql://me@127.0.0.1:1/tasker\"";
    let file = description(&["http://127.0.0.1:1".to_owned()], nobody);
    cluster_verify(&["prune", "--cluster", &file.path().display().to_string()])
        .stderr(
            "cluster-verify: the database: pool timed out while waiting for an open connection; its address \
             is `database` in the cluster's description\n",
        )
        .status(2)
        .run();
}
