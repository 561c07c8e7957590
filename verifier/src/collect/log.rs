//! Reads the ends of the instances' logs for what nobody should miss.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use chrono::{DateTime, Utc};
use regex::Regex;
use serde::Deserialize;

use crate::evidence::{LogLine, LogView, Observed, Unseen};
use crate::project::Project;
use crate::topology::Topology;

/// Read from the end of each log.
const TAIL: u64 = 1 << 20;
/// Characters kept of a line.
const MAX_LINE: usize = 300;

/// A panic that a service logged, and what the runtimes of the four languages write when they die.
const ALARMS: &str = r"(?x)
      ^\S+\s+ERROR\s\S+\s\S+:\spanic:\s
    | ^\S+\s+FATAL\s
    | \bpanicked\sat\s
    | ^fatal\sruntime\serror:
    | ^memory\sallocation\sof\s\d+\sbytes\sfailed
    | ^Fatal\sPython\serror:
    | \[BUG\]\s
    | \bBun\shas\scrashed
    | ^Segmentation\sfault
";

pub fn collect(project: &Project, topology: &Topology) -> BTreeMap<String, Observed<LogView>> {
    let Ok(alarms) = Regex::new(ALARMS) else {
        return BTreeMap::new();
    };
    topology
        .instances()
        .map(|(_, instance)| {
            let id = instance.id.clone();
            let path = project.state.join("logs").join(format!("{id}.log"));
            let view = read(&path, &alarms)
                .map_err(|error| Unseen::new(format!("the log of {id}"), error.to_string()));
            (id, view.into())
        })
        .collect()
}

fn read(path: &Path, alarms: &Regex) -> std::io::Result<LogView> {
    let mut file = std::fs::File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line of a tail is most likely half a line.
    let lines = text.lines().skip(usize::from(skipped > 0));
    Ok(LogView {
        path: path.display().to_string(),
        bytes: u64::try_from(bytes.len()).unwrap_or(TAIL),
        alarms: find(lines, alarms),
    })
}

/// process-compose wraps each line into JSON.
#[derive(Deserialize)]
struct Wrapped {
    message: String,
}

fn find<'a>(lines: impl Iterator<Item = &'a str>, alarms: &Regex) -> Vec<LogLine> {
    let mut found = Vec::new();
    let mut last_time: Option<DateTime<Utc>> = None;
    for line in lines {
        let unwrapped = serde_json::from_str::<Wrapped>(line).map(|wrapped| wrapped.message);
        let text = unwrapped.as_deref().unwrap_or(line).trim_end();
        let time = text
            .split_whitespace()
            .next()
            .and_then(|word| word.parse().ok());
        last_time = time.or(last_time);
        if alarms.is_match(text) {
            found.push(LogLine {
                at: last_time,
                text: text.chars().take(MAX_LINE).collect(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Vec<LogLine> {
        find(lines.iter().copied(), &Regex::new(ALARMS).unwrap())
    }

    #[test]
    fn panics_and_fatal_errors_are_found_with_the_time_above_them() {
        let found = found(&[
            r#"{"level":"error","message":"2026-01-02T03:04:05.5Z ERROR worker-rust-1 instance::service: panic: no place=a.rs:1"}"#,
            "thread 'main' panicked at src/main.rs:1:1:",
            r#"{"level":"error","message":"2026-01-02T03:04:06Z FATAL worker-ruby-1 main: out of memory"}"#,
            "Fatal Python error: Segmentation fault",
        ]);

        assert_eq!(found.len(), 4);
        assert_eq!(found[1].at, found[0].at);
        assert!(found[2].at > found[1].at);
        assert!(found[3].text.starts_with("Fatal Python error"));
    }

    #[test]
    fn errors_that_were_survived_and_talk_of_panics_are_not() {
        assert_eq!(
            found(&[
                "2026-01-02T03:04:05Z ERROR worker-rust-1 sqlx: FATAL: terminating connection",
                "2026-01-02T03:04:05Z  INFO worker-rust-1 handler: the word panic: in a message",
                "2026-01-02T03:04:05Z  WARN worker-rust-1 a::b: step failed: panic: bad input",
            ]),
            []
        );
    }
}
