//! Reads the ends of the instances' logs for what nobody should miss.

use std::collections::{BTreeMap, BTreeSet};
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
            let path = project.log(&id);
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
    let whole = match skipped {
        0 => &text[..],
        _ => text.split_once('\n').map_or("", |(_, rest)| rest),
    };
    Ok(LogView {
        path: path.display().to_string(),
        bytes: u64::try_from(bytes.len()).unwrap_or(TAIL),
        alarms: find(whole, alarms),
    })
}

/// process-compose wraps each line into JSON.
#[derive(Deserialize)]
struct Wrapped {
    message: String,
}

/// Words of which each alarm has one. To look for them alone is quick, and nearly no line has any.
const WORDS: [&str; 8] = [
    "panic",
    "FATAL",
    "fatal runtime error",
    "memory allocation",
    "Fatal Python error",
    "[BUG]",
    "Bun has crashed",
    "Segmentation fault",
];

fn find(text: &str, alarms: &Regex) -> Vec<LogLine> {
    let starts: BTreeSet<usize> = WORDS
        .iter()
        .flat_map(|word| text.match_indices(word))
        .map(|(at, _)| text[..at].rfind('\n').map_or(0, |end| end + 1))
        .collect();
    let alarm = |start: usize| {
        let line = message(text[start..].lines().next()?);
        alarms.is_match(&line).then(|| LogLine {
            at: time(&line).or_else(|| {
                text[..start]
                    .lines()
                    .rev()
                    .find_map(|it| time(&message(it)))
            }),
            text: line.chars().take(MAX_LINE).collect(),
        })
    };
    starts.into_iter().filter_map(alarm).collect()
}

/// What the instance wrote, in a line of its log.
fn message(line: &str) -> String {
    let unwrapped = serde_json::from_str::<Wrapped>(line).map(|wrapped| wrapped.message);
    let text = unwrapped.as_deref().unwrap_or(line);
    text.trim_end().to_owned()
}

fn time(message: &str) -> Option<DateTime<Utc>> {
    message.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Vec<LogLine> {
        find(&lines.join("\n"), &Regex::new(ALARMS).unwrap())
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
    fn each_kind_of_death_is_found() {
        let deaths = [
            "2026-01-02T03:04:05Z ERROR worker-rust-1 instance::service: panic: no",
            "2026-01-02T03:04:05Z\tFATAL\tworker-ruby-1",
            "thread 'main' panicked at src/main.rs:1:1:",
            "fatal runtime error: stack overflow",
            "memory allocation of 12 bytes failed",
            "Fatal Python error: Aborted",
            "a.rb:1: [BUG] Bus Error",
            "oh no: Bun has crashed",
            "Segmentation fault",
        ];

        assert_eq!(found(&deaths).len(), deaths.len());
        // The time of no line stands above the first.
        assert_eq!(found(&deaths[2..])[0].at, None);
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
