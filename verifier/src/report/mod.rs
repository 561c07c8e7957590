//! The verdict as plain data, and its renderers, which only read it.

#[cfg(test)]
mod fake;
mod json;
mod junit;
mod result;
mod short;
mod table;

pub use result::{CanaryNote, CheckResult, Counts, Outcome, Report, Verdict, Window};

use clap::ValueEnum;

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line a check, findings below it.
    #[default]
    Table,
    /// One line a finding, for editors and grep; what is known is one for each reason.
    Short,
    Json,
    /// JUnit XML, for CI.
    Junit,
}

/// The report in that format, ending with a newline.
///
/// `strict` says whether known findings count; colours are ANSI sequences that
/// the caller's stream strips where they are not wanted.
pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Table => table::render(report),
        Format::Short => short::render(report),
        Format::Json => json::render(report),
        Format::Junit => junit::render(report),
    }
}
