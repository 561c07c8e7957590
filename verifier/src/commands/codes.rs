//! `codes`: every code.

use std::process::ExitCode;

use serde_json::json;

use crate::check::REGISTRY;
use crate::cli::ListFormat;
use crate::error::Result;

pub fn run(output: ListFormat) -> Result<ExitCode> {
    let text = match output {
        ListFormat::Table => table(),
        ListFormat::Json => json(),
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn table() -> String {
    let mut text = String::new();
    let mut family = None;
    for entry in REGISTRY {
        if family != Some(entry.code.family()) {
            family = Some(entry.code.family());
            text.push_str(&format!("{}\n", entry.code.family().title()));
        }
        text.push_str(&format!(
            "  {}  {:<32} {}\n",
            entry.code, entry.name, entry.title
        ));
    }
    text
}

fn json() -> String {
    let list: Vec<_> = REGISTRY
        .iter()
        .map(|entry| {
            json!({
                "code": entry.code.to_string(),
                "name": entry.name,
                "title": entry.title,
                "family": entry.code.family(),
                "severity": entry.severity,
            })
        })
        .collect();
    format!("{:#}\n", json!(list))
}
