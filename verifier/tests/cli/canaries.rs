//! Whole checks with canaries, of servers that take them badly, beside a PostgreSQL server of the test's own.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::NamedTempFile;
use uuid::Uuid;

use crate::postgres::Postgres;
use crate::program::cluster_verify;
use crate::stand_in::{Manner, StandIn, stand_in, with_tasks};

const WORKLOAD: &str = "[[workload]]
namespace = \"mail\"
template = \"send\"
language = \"rust\"
canary = true
context = {}
outcome = \"complete\"
";

/// A cluster's description, with canaries for it.
struct Described {
    file: NamedTempFile,
    _workloads: NamedTempFile,
}

impl Described {
    fn of(servers: &[StandIn], database: &Postgres) -> Self {
        let toml = || tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        let (mut file, mut workloads) = (toml(), toml());
        write!(workloads, "{WORKLOAD}").unwrap();
        let urls: Vec<&str> = servers.iter().map(|it| it.url.as_str()).collect();
        writeln!(
            file,
            "orchestration = {urls:?}\ndatabase = {:?}\nworkloads = {:?}",
            database.url,
            workloads.path()
        )
        .unwrap();
        Self {
            file,
            _workloads: workloads,
        }
    }

    fn name(&self) -> String {
        self.file.path().display().to_string()
    }
}

/// What a check that finds something prints, and its report.
fn judged_in_time(described: &Described, only: &str) -> (String, Value) {
    let begun = Instant::now();
    let name = described.name();
    let text = cluster_verify(&["check", "--cluster", &name, "--only", only, "-o", "json"])
        .stdout_holding(&[])
        .stderr_holding(&[])
        .status(1)
        .run();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(40), "{took:?}");
    let report = serde_json::from_str(&text).unwrap();
    (text, report)
}

#[test]
fn servers_that_answer_badly_to_canaries_are_findings_in_time() {
    let database = Postgres::start();
    let servers = Manner::BAD.map(with_tasks);
    let described = Described::of(&servers, &database);

    let (text, report) = judged_in_time(&described, "501");

    let findings = report["checks"][0]["outcome"]["findings"].as_array();
    for (at, (server, manner)) in servers.iter().zip(Manner::BAD).enumerate() {
        assert_eq!(server.asked(), 1, "{manner:?}");
        let subject = format!("canary of mail via orchestration-{}", at + 1);
        let is_told = findings.unwrap().iter().any(|it| it["subject"] == subject);
        assert!(is_told, "{manner:?}: {text}");
    }
}

#[test]
fn servers_that_answer_badly_about_a_task_that_is_there_are_told_in_time() {
    const CREATED: Manner = Manner::Says(
        "201 Created",
        r#"{"task_uuid":"00000000-0000-0000-0000-000000000001"}"#,
    );
    let database = Postgres::start();
    let (task, step) = (Uuid::from_u128(1), Uuid::from_u128(2));
    database.ask(&format!("SELECT a_task('{task}', '{step}', 'canary', 0)"));
    let servers = Manner::BAD.map(|manner| stand_in(Manner::WELL, CREATED, manner));
    let described = Described::of(&servers, &database);

    let (text, report) = judged_in_time(&described, "5");

    let checks = report["checks"].as_array().unwrap();
    let findings = checks
        .iter()
        .filter_map(|it| it["outcome"]["findings"].as_array());
    let subjects: Vec<&Value> = findings.flatten().map(|it| &it["subject"]).collect();
    for number in 1..=servers.len() {
        let subject = format!("canary of mail via orchestration-{number}");
        assert!(
            subjects.iter().any(|it| **it == subject),
            "{number}: {text}"
        );
    }
}

#[test]
fn a_check_removes_canaries_that_nothing_is_said_of_and_meanwhile_nobody_else_removes_any() {
    let database = Postgres::start();
    for (number, reason, hours) in [
        (1, "canary", 25),
        (2, "run", 25),
        (3, "canary", 1),
        (4, "canary", 25),
    ] {
        let (task, step) = (Uuid::from_u128(number), Uuid::from_u128(number << 64));
        let values = format!("'{task}', '{step}', '{reason}', {hours}");
        database.ask(&format!("SELECT a_task({values})"));
    }
    // Its history is judged, and a task that came to rest without being complete is a finding.
    database.ask(
        "UPDATE tasker.tasks SET named_task_uuid = (SELECT named_task_uuid FROM tasker.named_tasks) \
         WHERE task_uuid::text LIKE '%4'",
    );
    let tasks = || {
        let last_digits = "string_agg(right(task_uuid::text, 1), '' ORDER BY task_uuid)";
        database.ask(&format!("SELECT {last_digits} FROM tasker.tasks"))
    };
    let server = with_tasks(Manner::Never);
    let servers = [server];
    let described = Described::of(&servers, &database);
    let prune = || cluster_verify(&["prune", "--cluster", &described.name()]);

    let text = cluster_verify(&["check", "--cluster", &described.name(), "-o", "json"])
        .stdout_holding(&[])
    .stderr_holding(&[])
        .status(1)
        .run_while(|_| {
            let begun = Instant::now();
            while servers[0].asked() == 0 {
                assert!(begun.elapsed() < Duration::from_secs(60), "no canary came");
                std::thread::yield_now();
            }
            prune()
                .stderr(
                    "cluster-verify: nothing was removed: a check or a run is looking at these tasks; \
                     try again when it has ended\n",
                )
                .status(2)
                .run();
        });

    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["canaries_aged_out"], 1, "{text}");
    assert_eq!(tasks(), "234");
    prune()
        .stdout("removed 3 tasks of earlier checks and 12 messages about them\n")
        .run();
    assert_eq!(tasks(), "");
}
