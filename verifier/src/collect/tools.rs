//! Asks each tool of the shell for its version, all at once.

use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use regex::Regex;
use serde::Deserialize;
use tokio::process::Command;

use crate::evidence::{Observed, Rule, Tool};
use crate::project::Project;

/// Relative to the project root.
const TOOLS_FILE: &str = "tools/tools.toml";
/// A tool that says its version takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct ToolsFile {
    tool: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    command: String,
    version_args: Vec<String>,
    version: String,
    #[serde(rename = "match")]
    rule: Rule,
    source: String,
}

pub async fn collect(project: &Project) -> Observed<Vec<Tool>> {
    let text = match std::fs::read_to_string(project.path(TOOLS_FILE)) {
        Ok(text) => text,
        Err(error) => return Observed::unseen(TOOLS_FILE, error.to_string()),
    };
    match toml::from_str::<ToolsFile>(&text) {
        Ok(file) => Observed::Seen(join_all(file.tool.into_iter().map(look)).await),
        Err(error) => Observed::unseen(TOOLS_FILE, error.message().to_owned()),
    }
}

async fn look(entry: Entry) -> Tool {
    let command = (!entry.command.is_empty()).then_some(entry.command);
    let found = match &command {
        Some(command) => ask(command, &entry.version_args)
            .await
            .map_or_else(|why| Observed::unseen(&entry.name, why), Observed::Seen),
        None => Observed::not_looked(&entry.name),
    };
    Tool {
        name: entry.name,
        version: entry.version,
        rule: entry.rule,
        command,
        source: entry.source,
        found,
    }
}

async fn ask(command: &str, arguments: &[String]) -> Result<String, String> {
    let output = Command::new(command)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, output)
        .await
        .map_err(|_| format!("no answer within {PATIENCE:?}"))?
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "not on PATH".to_owned(),
            _ => error.to_string(),
        })?;
    let said = String::from_utf8_lossy(&output.stdout);
    version_in(&said).ok_or_else(|| format!("`{command}` tells no version"))
}

/// The first thing in a text that looks like a version.
fn version_in(text: &str) -> Option<String> {
    let version = Regex::new(r"\d+(\.\d+)+|\b\d+\b").ok()?;
    version.find(text).map(|found| found.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_tools_say_of_themselves() {
        for (said, version) in [
            ("postgres (PostgreSQL) 18.6", "18.6"),
            ("v1.85.0\n", "1.85.0"),
            ("ruby 3.4.1 (2024-12-25 revision 48d4efcb85)", "3.4.1"),
            (
                "ShellCheck - shell script analysis tool\nversion: 0.9.0\n",
                "0.9.0",
            ),
            ("libprotoc 33.1", "33.1"),
            ("tool 7", "7"),
        ] {
            assert_eq!(version_in(said).as_deref(), Some(version));
        }
        assert_eq!(version_in("usage: tool"), None);
    }
}
