//! The witness: each run of a handler, written down by the process that ran it, independent of the database.
//!
//! The engine's tables cannot show that a step was run twice and only one result taken; two pairs of lines here do.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{SecondsFormat, Utc};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;
use uuid::Uuid;

use crate::Failure;

/// Beyond this the file is renamed to `<name>.1`, in place of the one before, and begun anew.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Which step is run, and for which time.
#[derive(Debug, Clone)]
pub struct Run {
    /// `tasks.task_uuid`.
    pub task: Uuid,
    /// `workflow_steps.workflow_step_uuid`.
    pub step: Uuid,
    /// The step's name in its template.
    pub step_name: String,
    /// The task's namespace.
    pub namespace: String,
    /// From 1.
    pub attempt: i32,
}

/// Appends to the witness file of this process.
pub struct Witness {
    path: PathBuf,
    instance: String,
    limit: u64,
    log: Mutex<Log>,
}

struct Log {
    file: File,
    size: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    event: &'static str,
    run: Uuid,
    task: Uuid,
    step: Uuid,
    step_name: &'a str,
    namespace: &'a str,
    attempt: i32,
    instance: &'a str,
    pid: u32,
    wall: String,
    mono_ns: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
}

impl Witness {
    /// Opens the file in `TASKER_WITNESS_FILE`, which may have lines of earlier processes of the same instance.
    pub fn open(instance: &str) -> Result<Self, Failure> {
        let path = std::env::var("TASKER_WITNESS_FILE")
            .ok()
            .filter(|path| !path.is_empty())
            .ok_or_else(|| {
                Failure::configuration(
                    "TASKER_WITNESS_FILE is not set: start the instance through `services/launch`",
                )
            })?;
        Self::at(Path::new(&path), instance)
    }

    /// Opens the file at `path`.
    pub fn at(path: &Path, instance: &str) -> Result<Self, Failure> {
        Self::limited(path, instance, LIMIT)
    }

    fn limited(path: &Path, instance: &str, limit: u64) -> Result<Self, Failure> {
        let log = open(path).map_err(|error| {
            Failure::other(format!(
                "cannot write the witness file {}: {error}",
                path.display()
            ))
        })?;
        Ok(Self {
            path: path.to_owned(),
            instance: instance.to_owned(),
            limit,
            log: Mutex::new(log),
        })
    }

    /// Writes down that a run begins. The value returned writes down how it ended.
    pub fn started(&self, run: Run) -> HandlerRun<'_> {
        let started = HandlerRun {
            witness: self,
            id: Uuid::now_v7(),
            run,
            ended: false,
        };
        started.write("started", None);
        started
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut log = self.log();
        if log.size >= self.limit {
            let mut older = self.path.clone().into_os_string();
            older.push(".1");
            std::fs::rename(&self.path, older)?;
            *log = open(&self.path)?;
        }
        log.file.write_all(line)?;
        log.size += line.len() as u64;
        Ok(())
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path) -> io::Result<Log> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .open(path)?;
    let mut size = file.metadata()?.len();
    // A full disk may have cut the last line of an earlier process short; ours must not continue it.
    if size > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
            size += 1;
        }
    }
    Ok(Log { file, size })
}

/// A run that has begun. Dropped without [`finished`](Self::finished), as by a time-out, it counts as failed.
pub struct HandlerRun<'a> {
    witness: &'a Witness,
    id: Uuid,
    run: Run,
    ended: bool,
}

impl HandlerRun<'_> {
    /// Writes down how the run ended.
    pub fn finished(mut self, ok: bool) {
        self.end(ok);
    }

    fn end(&mut self, ok: bool) {
        self.ended = true;
        self.write("finished", Some(ok));
    }

    fn write(&self, event: &'static str, ok: Option<bool>) {
        let line = Line {
            v: 1,
            event,
            run: self.id,
            task: self.run.task,
            step: self.run.step,
            step_name: &self.run.step_name,
            namespace: &self.run.namespace,
            attempt: self.run.attempt,
            instance: &self.witness.instance,
            pid: std::process::id(),
            wall: Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
            mono_ns: monotonic_ns(),
            ok,
        };
        let written = serde_json::to_vec(&line)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.witness.append(&line)
            });
        // The step is worth more than the record of it.
        if let Err(error) = written {
            tracing::error!(file = %self.witness.path.display(), "witness line not written: {error}");
        }
    }
}

impl Drop for HandlerRun<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.end(false);
        }
    }
}

/// `CLOCK_MONOTONIC`, which all processes of a machine share and nobody sets back.
pub fn monotonic_ns() -> i64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(0, |time| time.tv_sec() * 1_000_000_000 + time.tv_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            task: Uuid::nil(),
            step: Uuid::nil(),
            step_name: "s".into(),
            namespace: "n".into(),
            attempt: 1,
        }
    }

    fn lines(path: &Path) -> Vec<serde_json::Value> {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_run_leaves_a_started_and_a_finished_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/w.jsonl");
        let witness = Witness::at(&path, "worker-rust-1").unwrap();

        witness.started(run()).finished(true);

        let lines = lines(&path);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["event"], &lines[1]["event"]),
            (&"started".into(), &"finished".into())
        );
        assert_eq!(lines[0]["run"], lines[1]["run"]);
        assert!(lines[0].get("ok").is_none());
        assert_eq!(lines[1]["ok"], true);
        assert!(lines[1]["mono_ns"].as_i64() >= lines[0]["mono_ns"].as_i64());
    }

    #[test]
    fn a_run_that_is_cut_off_counts_as_failed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.jsonl");
        let witness = Witness::at(&path, "i").unwrap();

        drop(witness.started(run()));

        assert_eq!(lines(&path)[1]["ok"], false);
    }

    #[test]
    fn a_file_beyond_the_limit_is_kept_once_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.jsonl");
        let witness = Witness::limited(&path, "i", 1).unwrap();

        for _ in 0..3 {
            witness.started(run()).finished(true);
        }

        assert_eq!(lines(&path).len(), 1);
        assert_eq!(lines(&folder.path().join("w.jsonl.1")).len(), 1);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_line_cut_short_by_an_earlier_process_is_not_continued() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.jsonl");
        std::fs::write(&path, "{\"v\":1,\"ev").unwrap();

        Witness::at(&path, "i")
            .unwrap()
            .started(run())
            .finished(true);

        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("{\"v\":1,\"ev\n"));
    }
}
