//! JSON: the report as it is.

use super::Report;

pub fn render(report: &Report) -> String {
    // A tree of strings, numbers and lists always serialises.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}
