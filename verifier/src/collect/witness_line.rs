//! The form of a witness line, which the workers of all four languages keep: `verifier/schema/witness.v1.json`.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::history::{Line, Moment};

const UUID: &str = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";
const MICROSECONDS: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$";
/// Of the form; another one gets a new number and a new file.
const VERSION: u8 = 1;

/// One line of a witness file: a run of a step's handler began, or ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "witness line", extend("oneOf" = [
    {"properties": {"event": {"const": "started"}, "ok": false, "checkpoint": false}},
    {"properties": {"event": {"const": "finished"}}, "required": ["ok"]}
]))]
pub struct Written<'a> {
    #[schemars(extend("const" = VERSION))]
    v: u8,
    event: Event,
    /// The same in both lines of a run.
    #[schemars(with = "String", regex(pattern = UUID))]
    run: Uuid,
    #[schemars(with = "String", regex(pattern = UUID))]
    pub task: Uuid,
    #[schemars(with = "String", regex(pattern = UUID))]
    step: Uuid,
    #[serde(borrow)]
    #[schemars(length(min = 1))]
    step_name: Cow<'a, str>,
    #[serde(borrow)]
    #[schemars(length(min = 1))]
    namespace: Cow<'a, str>,
    #[schemars(range(min = 1))]
    attempt: i64,
    #[serde(borrow)]
    #[schemars(length(min = 1))]
    instance: Cow<'a, str>,
    pid: u32,
    /// In UTC, to the microsecond.
    #[schemars(with = "String", regex(pattern = MICROSECONDS))]
    pub wall: DateTime<Utc>,
    /// CLOCK_MONOTONIC in nanoseconds.
    mono_ns: u64,
    /// Whether the run ended well.
    #[serde(default)]
    #[schemars(with = "bool")]
    ok: Option<bool>,
    /// It ended in a checkpoint, from which another run of the same attempt goes on.
    #[serde(default)]
    #[schemars(with = "bool")]
    checkpoint: Option<bool>,
}

#[derive(Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Event {
    Started,
    Finished,
}

impl<'a> Written<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(line: &'a [u8]) -> Result<Self, String> {
        let written: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        match written.problem() {
            None => Ok(written),
            Some(problem) => Err(problem.to_owned()),
        }
    }

    /// What the types cannot say.
    fn problem(&self) -> Option<&'static str> {
        let names = [&self.step_name, &self.namespace, &self.instance];
        let started = self.event == Event::Started;
        let problems = [
            (self.v != VERSION, "`v` is not 1"),
            (self.attempt < 1, "`attempt` is less than 1"),
            (names.iter().any(|name| name.is_empty()), "a name is empty"),
            (
                started && (self.ok.is_some() || self.checkpoint.is_some()),
                "it began and has an end",
            ),
            (!started && self.ok.is_none(), "it ended without `ok`"),
        ];
        problems
            .iter()
            .find(|(wrong, _)| *wrong)
            .map(|(_, problem)| *problem)
    }

    pub fn judged(&self) -> Line<'_> {
        Line {
            started: self.event == Event::Started,
            run: self.run,
            task: self.task,
            step: self.step,
            step_name: &self.step_name,
            namespace: &self.namespace,
            attempt: self.attempt,
            instance: &self.instance,
            pid: self.pid,
            at: Moment {
                wall: self.wall,
                mono_ns: self.mono_ns,
            },
            ok: self.ok,
            checkpoint: self.checkpoint.unwrap_or(false),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What a reader, and whoever writes a worker in a fifth language, validates against.
    const SCHEMA: &str = include_str!("../../schema/witness.v1.json");

    #[test]
    fn the_schema_that_is_checked_in_is_that_of_the_lines() {
        let mut now = serde_json::to_string_pretty(&schemars::schema_for!(Written<'_>)).unwrap();
        now.push('\n');
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/witness.v1.json");
            std::fs::write(path, &now).unwrap();
            return;
        }
        assert!(
            SCHEMA == now,
            "the lines have changed: `UPDATE_SCHEMA=1 cargo test -p cluster-verify schema`; a change that \
             breaks readers needs a new VERSION and a new file"
        );
    }

    fn started() -> Value {
        json!({
            "v": 1, "event": "started", "run": "01990000-0000-7000-8000-00000000c000",
            "task": "01990000-0000-7000-8000-000000000001", "step": "01990000-0000-7000-8000-000000000002",
            "step_name": "write", "namespace": "mail", "attempt": 1, "instance": "worker-rust-1", "pid": 7,
            "wall": "2026-01-02T03:04:05.000001Z", "mono_ns": 5,
        })
    }

    fn with(changes: Value) -> Value {
        let mut line = started();
        for (key, value) in changes.as_object().unwrap() {
            line[key] = value.clone();
        }
        line
    }

    fn without(key: &str) -> Value {
        let mut line = started();
        line.as_object_mut().unwrap().remove(key);
        line
    }

    #[test]
    fn the_reader_and_the_schema_take_the_same_lines() {
        let schema = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let taken = |line: &Value| {
            let read = Written::read(line.to_string().as_bytes()).is_ok();
            assert_eq!(validator.is_valid(line), read, "{line}");
            read
        };

        for good in [
            started(),
            with(json!({"event": "finished", "ok": true})),
            with(json!({"event": "finished", "ok": false})),
            with(json!({"event": "finished", "ok": true, "checkpoint": true})),
        ] {
            assert!(taken(&good), "{good}");
        }
        for key in started().as_object().unwrap().keys() {
            assert!(!taken(&without(key)), "without {key}");
        }
        for bad in [
            json!({"v": 2}),
            json!({"event": "ended"}),
            json!({"ok": true}),
            json!({"checkpoint": true}),
            json!({"event": "finished"}),
            json!({"event": "finished", "ok": "yes"}),
            json!({"run": "r"}),
            json!({"attempt": 0}),
            json!({"attempt": "1"}),
            json!({"instance": ""}),
            json!({"wall": "yesterday"}),
            json!({"mono_ns": -1}),
            json!({"more": 1}),
        ] {
            assert!(!taken(&with(bad.clone())), "{bad}");
        }
    }
}
