//! The exit statuses, and the only place that decides on one.

use std::process::ExitCode;

use crate::error::Error;
use crate::report::Verdict;

/// No finding that counts.
pub const PASSED: u8 = 0;
/// At least one finding counts, or a wait ran out.
pub const FINDINGS: u8 = 1;
/// The verdict is unknown: a check did not get the evidence it needs, or none was made.
pub const UNKNOWN: u8 = 2;
/// Wrong usage or configuration, or the tool itself could not go on.
pub const USAGE: u8 = 3;
/// Ctrl-C: what shells say of a program that SIGINT ended.
pub const INTERRUPTED: u8 = 130;

/// Shown below `--help`.
pub const HELP: &str = "Exit status: 0 nothing that counts was found, 1 findings, \
    2 the verdict is unknown (something could not be seen, or nothing was judged), 3 wrong usage or configuration, \
    130 interrupted.";

pub fn of_verdict(verdict: Verdict) -> ExitCode {
    ExitCode::from(match verdict {
        Verdict::Passed => PASSED,
        Verdict::Failed => FINDINGS,
        Verdict::Unknown => UNKNOWN,
        Verdict::Misconfigured => USAGE,
    })
}

pub fn of_error(error: &Error) -> ExitCode {
    ExitCode::from(match error {
        Error::Usage(_)
        | Error::Configuration(_)
        | Error::Io { .. }
        | Error::Unavailable { .. } => USAGE,
        Error::NotHealthy(_) | Error::Stale(_) => FINDINGS,
        Error::Interrupted => INTERRUPTED,
    })
}
