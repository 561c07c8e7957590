//! A small report with one check of each outcome, for the tests of the renderers.

use chrono::{DateTime, Utc};

use super::result::FORMAT;
use super::{CheckResult, Counts, Outcome, Report, Verdict};
use crate::check::{Cause, Family, Finding, Severity};
use crate::evidence::Unseen;

pub fn report() -> Report {
    let known = Finding::about("task 7")
        .observed("completed 2 times")
        .hint("run `cluster-verify task 7`")
        .times(3);
    let known = Finding {
        known: Some("two servers process one result".into()),
        ..known
    };
    Report {
        format: FORMAT,
        tool_version: "0.1.0".into(),
        taken_at: DateTime::<Utc>::UNIX_EPOCH,
        engine: Some("0.1.8".into()),
        profile: Some("stock".into()),
        mode: Some("cluster".into()),
        window: None,
        canaries: None,
        canaries_aged_out: 0,
        seconds: 1.2,
        strict: false,
        verdict: Verdict::Failed,
        counts: Counts {
            passed: 1,
            failed: 2,
            known: 1,
            warned: 1,
            unknown: 1,
            left_out: 1,
        },
        checks: vec![
            check("CV101", "the cluster's description parses", Outcome::Passed),
            check(
                "CV103",
                "no service has too many instances",
                Outcome::LeftOut,
            ),
            check(
                "CV308",
                "every namespace with a template is polled",
                found(
                    Finding::about("mail")
                        .observed("no instance polled it in 10.0 s")
                        .evidence("queue", "worker_mail_queue")
                        .hint(
                            "compare `cluster-verify queues` with the worker's `env --provenance`",
                        ),
                ),
            ),
            check(
                "CV309",
                "every worker polls its namespaces",
                Outcome::Unknown {
                    unseen: Unseen::new("pg_locks", "no answer"),
                },
            ),
            check(
                "CV312",
                "no queue is left alone",
                found(Finding {
                    follows_from: Some(Cause {
                        code: "CV308".into(),
                        subject: "mail".into(),
                    }),
                    ..Finding::about("queue worker_mail_queue")
                        .observed("7 messages wait, the oldest for 80 s")
                        .hint("run `cluster-verify queues`")
                }),
            ),
            CheckResult {
                severity: Severity::Warning,
                ..check(
                    "CV410",
                    "no instance is idle",
                    found(
                        Finding::about("worker-rust-1")
                            .observed("did nothing")
                            .hint("run `./dev logs worker-rust-1`"),
                    ),
                )
            },
            check(
                "CV607",
                "every step is completed at most once",
                found(known),
            ),
        ],
    }
}

/// The same where known findings count.
pub fn strict() -> Report {
    Report {
        strict: true,
        ..report()
    }
}

fn check(code: &str, title: &str, outcome: Outcome) -> CheckResult {
    CheckResult {
        code: code.into(),
        name: "a-name".into(),
        title: title.into(),
        family: match &code[2..3] {
            "1" => Family::Configuration,
            "3" => Family::Database,
            "4" => Family::Health,
            _ => Family::History,
        },
        severity: Severity::Error,
        outcome,
    }
}

fn found(finding: Finding) -> Outcome {
    Outcome::Found {
        findings: vec![finding],
    }
}
