//! The exit statuses, and the only place that decides on one.

use std::process::ExitCode;

use crate::error::Error;
use crate::report::Verdict;

/// No finding that counts.
pub const PASSED: u8 = 0;
/// At least one finding counts, or a wait ran out.
pub const FINDINGS: u8 = 1;
/// Unknown: a check or a command did not get to see what it needs, or nothing was judged.
pub const UNKNOWN: u8 = 2;
/// Wrong usage or configuration, or the tool itself could not go on: a file that it cannot read or write.
pub const USAGE: u8 = 3;
/// Ctrl-C: what shells say of a program that SIGINT ended.
pub const INTERRUPTED: u8 = 130;

/// Shown below `--help`.
pub const HELP: &str = "Exit status: 0 nothing that counts was found, 1 findings, \
    2 unknown (something could not be seen, or nothing was judged), 3 wrong usage or configuration, or a file or \
    standard output could not be written, 130 interrupted.";

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
        Error::Unseen { .. } | Error::InUse(_) => UNKNOWN,
        Error::NotHealthy(_) | Error::Stale(_) => FINDINGS,
        Error::Interrupted => INTERRUPTED,
    })
}
