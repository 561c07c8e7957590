//! What a check is, the table of all of them, and the run over the evidence.

mod by_address;
mod code;
mod consequence;
mod finding;
mod folding;
mod registry;
mod runner;

pub use code::{Code, Family, Severity};
pub use finding::{Cause, Finding, LOGGED};
pub use registry::{Entry, REGISTRY, find};
pub use runner::{Filter, judge};

use crate::evidence::{Evidence, Unseen};

/// One invariant of a cluster. A check judges evidence and never asks for any.
pub trait Check {
    const CODE: Code;
    /// The defect in kebab-case, for `--only` and reports.
    const NAME: &'static str;
    /// The invariant, worded so that a tick beside it reads true.
    const TITLE: &'static str;
    const SEVERITY: Severity = Severity::Error;

    /// # Errors
    /// The piece of evidence that it needs and that was not seen: the outcome is then *unknown*.
    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen>;
}
