//! The witness files of a running cluster: the workers of all four languages write lines of the one form.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster::{Cluster, Verdict};

const SCHEMA: &str = include_str!("../../schema/witness.v1.json");
const LANGUAGES: [&str; 4] = ["python", "ruby", "rust", "typescript"];

#[test]
fn every_line_of_every_language_is_of_the_one_form() {
    let cluster = Cluster::take();
    for workload in [
        "rust_e2e_linear/mathematical_sequence",
        "linear_workflow/mathematical_sequence",
        "linear_workflow_py/mathematical_sequence_py",
        "linear_workflow_ts/mathematical_sequence_ts",
    ] {
        cluster.verify(&["run", workload, "-n", "1"]);
    }

    let schema = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut written = BTreeSet::new();
    for (language, line) in lines(&cluster) {
        let problems: Vec<String> = validator
            .iter_errors(&line)
            .map(|it| it.to_string())
            .collect();
        assert_eq!(problems, Vec::<String>::new(), "{language}: {line}");
        written.insert((language, line["event"] == "finished"));
    }
    let both = LANGUAGES
        .iter()
        .flat_map(|language| [false, true].map(|finished| ((*language).to_owned(), finished)));
    assert_eq!(written, both.collect());
}

#[test]
fn a_step_that_goes_on_from_its_checkpoints_is_run_once_by_the_verdict() {
    let cluster = Cluster::take();
    for (workload, language) in [("slow/pieces", "ruby"), ("slow_ts/pieces_ts", "typescript")] {
        let output = cluster.verify(&["run", workload, "-n", "5", "--strict", "-o", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let verdict = Verdict {
            status: output.status.code(),
            report: report["report"].clone(),
        };

        let stored = lines(&cluster)
            .into_iter()
            .filter(|(of, line)| of == language && line["checkpoint"] == true);
        assert!(stored.count() >= 10, "{workload}: two checkpoints a task");
        // A message that reached two workers is an extra run, and happens now and then; two a task would be ours.
        let extra = verdict.all_findings("CV612").into_iter();
        let times: u64 = extra
            .filter_map(|finding| finding["times"].as_u64().or(Some(1)))
            .sum();
        assert!(times < 5, "{verdict}");
    }
}

/// Each line of each worker, with the worker's language.
fn lines(cluster: &Cluster) -> Vec<(String, Value)> {
    let mut lines = Vec::new();
    for (service, instance) in cluster.topology.instances() {
        let Some(language) = &service.language else {
            continue;
        };
        let path = cluster
            .state()
            .join("witness")
            .join(format!("{}.jsonl", instance.id));
        for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
            let line = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            lines.push((language.clone(), line));
        }
    }
    lines
}
