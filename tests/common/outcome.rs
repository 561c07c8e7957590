//! What a test has to say besides passed and failed: known findings, and why it was skipped.
//!
//! Kept as lines of JSON in `tests/outcomes.jsonl` of the state folder (or where
//! `TASKER_TEST_OUTCOMES` says), which the summary at the end of `./dev test` reads.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::Environment;

#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome<'a> {
    Known {
        code: &'a str,
        count: u64,
        reason: &'a str,
    },
    Skipped {
        reason: &'a str,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    test: &'a str,
    #[serde(flatten)]
    outcome: &'a Outcome<'a>,
}

/// Whether findings that are known make a test fail: `TASKER_TEST_STRICT=1`.
pub fn is_strict() -> bool {
    std::env::var("TASKER_TEST_STRICT").is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// Says why the running test has nothing to test here. The test then returns as if it had passed.
///
/// # Errors
/// The record cannot be written.
#[expect(
    clippy::print_stderr,
    reason = "what a test has to say is read beside its result"
)]
pub fn skip(reason: &str) -> Result<()> {
    eprintln!("skipped: {reason}");
    record(&Outcome::Skipped { reason })
}

pub(crate) fn record(outcome: &Outcome<'_>) -> Result<()> {
    let path = std::env::var_os("TASKER_TEST_OUTCOMES").map_or_else(
        || {
            Environment::get()
                .project
                .state
                .join("tests/outcomes.jsonl")
        },
        PathBuf::from,
    );
    let write = || -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let test = test_name();
        let mut line = serde_json::to_string(&Line {
            test: &test,
            outcome,
        })?;
        line.push('\n');
        // One write: other tests append to it at the same time.
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(file.write_all(line.as_bytes())?)
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// nextest tells it; libtest names the test's thread after it.
fn test_name() -> String {
    std::env::var("NEXTEST_TEST_NAME").unwrap_or_else(|_| {
        let thread = std::thread::current();
        thread.name().unwrap_or("a test").to_owned()
    })
}
