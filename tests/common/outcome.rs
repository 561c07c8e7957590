//! What a test has to say besides passed and failed: known findings, warnings, and why it was skipped.
//!
//! Kept as lines of JSON in `tests/outcomes.jsonl` of the state folder (or where
//! `TASKER_TEST_OUTCOMES` says), which the summary at the end of `./dev test` reads.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::Environment;

#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome<'a> {
    Known {
        code: &'a str,
        count: u64,
        /// Of so many steps, where they were counted.
        steps: Option<u64>,
        reason: &'a str,
    },
    /// Found, not known, and no fault.
    Warned {
        code: &'a str,
        count: u64,
        title: &'a str,
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

/// Says why the running test has nothing to test here. The test then returns as if it had passed, unless
/// `TASKER_TEST_SKIP=fail` says that every test of this run has something to test.
///
/// # Errors
/// Nothing is to be skipped, or the record cannot be written.
pub fn skip(reason: &str) -> Result<()> {
    may_skip(std::env::var("TASKER_TEST_SKIP").ok().as_deref(), reason)?;
    say(format_args!("skipped: {reason}"));
    record(&Outcome::Skipped { reason })
}

fn may_skip(setting: Option<&str>, reason: &str) -> Result<()> {
    match setting {
        None | Some("") => Ok(()),
        Some("fail") => bail!("this test would be skipped, and TASKER_TEST_SKIP=fail: {reason}"),
        Some(other) => bail!("TASKER_TEST_SKIP={other}: the one value that it may have is `fail`"),
    }
}

/// Tells of the running test, past libtest's capture of its output, which nobody would see of one that passes.
pub fn say(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "{}: {what}", test_name());
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
    let test = test_name();
    let line = serde_json::to_string(&Line {
        test: &test,
        outcome,
    })?;
    append(&path, line).with_context(|| format!("write {}", path.display()))
}

/// Runs beside a cluster that stays up all add to one file. Some thousand lines are no run's of today any more:
/// beyond that it is begun anew, and what was there kept beside it until the next time.
const FULL: u64 = 1 << 20;

fn append(path: &Path, mut line: String) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::metadata(path).is_ok_and(|file| file.len() > FULL) {
        // Of two tests that see it full at once the second finds nothing there, or a file that was just begun.
        let _ = std::fs::rename(path, path.with_extension("old.jsonl"));
    }
    line.push('\n');
    // One write: other tests append to it at the same time.
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(line.as_bytes())
}

/// nextest tells it; libtest names the test's thread after it.
fn test_name() -> String {
    std::env::var("NEXTEST_TEST_NAME").unwrap_or_else(|_| {
        let thread = std::thread::current();
        thread.name().unwrap_or("a test").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_which_nothing_is_to_be_skipped_fails_with_the_reason() {
        assert!(may_skip(None, "one worker").is_ok());
        assert!(may_skip(Some(""), "one worker").is_ok());

        let error = may_skip(Some("fail"), "one worker").unwrap_err();
        assert!(error.to_string().contains("one worker"), "{error}");
        let error = may_skip(Some("yes"), "one worker").unwrap_err();
        assert!(error.to_string().contains("`fail`"), "{error}");
    }

    #[test]
    fn the_file_of_all_runs_is_begun_anew_when_it_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tests").join("outcomes.jsonl");
        append(&path, "first".to_owned()).unwrap();
        append(&path, "x".repeat(1 << 20)).unwrap();

        append(&path, "next".to_owned()).unwrap();

        assert_eq!(std::fs::read_to_string(&path).unwrap(), "next\n");
        let old = std::fs::read_to_string(path.with_extension("old.jsonl")).unwrap();
        assert!(old.starts_with("first\n"));
    }
}
