//! `codes`, `explain` and `completions`.

use cluster_verify::check::REGISTRY;

use crate::program::cluster_verify;

#[test]
fn every_code_is_listed_under_its_family() {
    let text = cluster_verify(&["codes"])
        .stdout_holding(&[
            "configuration\n  CV101  topology-invalid ",
            "database, queues and subscriptions\n  CV301  database-unreachable ",
        ])
        .run();

    let codes = text.lines().filter(|line| line.starts_with("  CV")).count();
    assert_eq!(codes, REGISTRY.len());
}

#[test]
fn codes_are_a_list_in_json() {
    let text = cluster_verify(&["codes", "-o", "json"])
        .stdout_holding(&[])
        .run();

    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list.as_array().unwrap().len(), REGISTRY.len());
    assert_eq!(list[0]["code"], "CV101");
    assert_eq!(list[0]["family"], "configuration");
    assert_eq!(list[0]["severity"], "error");
}

#[test]
fn a_code_is_explained_by_its_page_however_it_is_called() {
    let page = include_str!("../../docs/codes/CV308.md");

    for name in ["CV308", "cv308", "308", "namespace-without-subscriber"] {
        cluster_verify(&["explain", name]).stdout(page).run();
    }
}

#[test]
fn a_near_miss_is_answered_with_what_was_meant() {
    cluster_verify(&["explain", "without-subscriber"])
        .stderr(
            "cluster-verify: no check has the code or name `without-subscriber`; did you mean \
             CV308 namespace-without-subscriber?\n",
        )
        .status(3)
        .run();
}

#[test]
fn an_unknown_code_is_answered_with_the_command_that_lists_all() {
    cluster_verify(&["explain", "CV999"])
        .stderr(
            "cluster-verify: no check has the code or name `CV999`; `cluster-verify codes` lists \
             all\n",
        )
        .status(3)
        .run();
}

#[test]
fn completions_are_made_for_every_shell() {
    for (shell, part) in [
        ("bash", "complete -F _cluster__verify "),
        ("zsh", "#compdef cluster-verify"),
        ("fish", "complete -c cluster-verify"),
    ] {
        cluster_verify(&["completions", shell])
            .stdout_holding(&[part, "provenance"])
            .run();
    }
}
