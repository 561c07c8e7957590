//! Runs of handlers, as the processes that ran them wrote them down: independent of the database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A point in time by two clocks: the wall's, which is set, and the machine's, which only goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub wall: DateTime<Utc>,
    /// CLOCK_MONOTONIC in nanoseconds; begins anew when the machine boots.
    pub mono_ns: u64,
}

impl Moment {
    /// Whether both clocks have it before the other.
    fn precedes(self, other: Self) -> bool {
        self.wall < other.wall && self.mono_ns < other.mono_ns
    }
}

/// One run of a handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub instance: String,
    pub pid: u32,
    pub attempt: i64,
    pub started: Moment,
    /// None: no line says that it ended.
    pub finished: Option<Moment>,
    pub ok: Option<bool>,
    /// It ended in a checkpoint: a part of the step's work, which the same attempt goes on with in another run.
    #[serde(default)]
    pub checkpoint: bool,
}

impl Run {
    /// Whether both were at work at one moment; an end that nobody wrote counts as the beginning.
    pub fn overlaps(&self, other: &Self) -> bool {
        let end = |run: &Self| run.finished.unwrap_or(run.started);
        self.started.precedes(end(other)) && other.started.precedes(end(self))
    }
}

/// A step and all runs of its handler, by their beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRuns {
    pub task: Uuid,
    pub step: Uuid,
    pub name: String,
    pub namespace: String,
    pub runs: Vec<Run>,
}

/// A process that wrote witness lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessProcess {
    pub instance: String,
    pub pid: u32,
    /// When it wrote its last line.
    pub last: DateTime<Utc>,
}

/// A line of a witness file, as far as it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    pub started: bool,
    pub run: Uuid,
    pub task: Uuid,
    pub step: Uuid,
    pub step_name: &'a str,
    pub namespace: &'a str,
    pub attempt: i64,
    pub instance: &'a str,
    pub pid: u32,
    pub at: Moment,
    pub ok: Option<bool>,
    pub checkpoint: bool,
}

/// Puts lines together into runs, in whatever order the files are read.
#[derive(Debug, Default)]
pub struct Runs {
    steps: HashMap<Uuid, Step>,
    /// Names repeat: each is kept once.
    names: Vec<String>,
    indices: HashMap<String, u32>,
    /// The last line of each instance and pid.
    processes: HashMap<(u32, u32), DateTime<Utc>>,
    count: u64,
}

#[derive(Debug)]
struct Step {
    task: Uuid,
    name: u32,
    namespace: u32,
    runs: Vec<Half>,
}

/// A run of which one of the two lines may still be missing.
#[derive(Debug)]
struct Half {
    run: Uuid,
    instance: u32,
    pid: u32,
    attempt: i64,
    started: Option<Moment>,
    finished: Option<Moment>,
    ok: Option<bool>,
    checkpoint: bool,
}

impl Runs {
    pub fn add(&mut self, line: &Line<'_>) {
        let (name, namespace) = (self.index(line.step_name), self.index(line.namespace));
        let instance = self.index(line.instance);
        let last = self
            .processes
            .entry((instance, line.pid))
            .or_insert(line.at.wall);
        *last = line.at.wall.max(*last);
        let step = match self.steps.entry(line.step) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Step {
                task: line.task,
                name,
                namespace,
                runs: Vec::with_capacity(1),
            }),
        };
        let known = step.runs.iter().position(|run| run.run == line.run);
        let index = known.unwrap_or_else(|| {
            self.count += 1;
            step.runs.push(Half {
                run: line.run,
                instance,
                pid: line.pid,
                attempt: line.attempt,
                started: None,
                finished: None,
                ok: None,
                checkpoint: false,
            });
            step.runs.len() - 1
        });
        let run = &mut step.runs[index];
        if line.started {
            run.started = Some(line.at);
        } else {
            run.finished = Some(line.at);
            run.ok = line.ok;
            run.checkpoint = line.checkpoint;
        }
    }

    fn index(&mut self, name: &str) -> u32 {
        if let Some(index) = self.indices.get(name) {
            return *index;
        }
        let index = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.indices.insert(name.to_owned(), index);
        index
    }

    /// Runs, of which at least one line was read.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Steps that were run.
    pub fn steps(&self) -> u64 {
        self.steps.len() as u64
    }

    /// The processes that wrote, by instance and last line.
    pub fn processes(&self) -> Vec<WitnessProcess> {
        let mut processes: Vec<WitnessProcess> = self
            .processes
            .iter()
            .map(|((instance, pid), last)| WitnessProcess {
                instance: self.name(*instance),
                pid: *pid,
                last: *last,
            })
            .collect();
        processes.sort_by(|a, b| (&a.instance, a.last).cmp(&(&b.instance, b.last)));
        processes
    }

    fn name(&self, index: u32) -> String {
        self.names.get(index as usize).cloned().unwrap_or_default()
    }

    /// Steps whose handler ran more than once, and steps with a run that did not end.
    pub fn notable(&self) -> (Vec<StepRuns>, Vec<StepRuns>) {
        let (mut repeated, mut open) = (Vec::new(), Vec::new());
        for (uuid, step) in &self.steps {
            let unfinished = step.runs.iter().any(|run| run.finished.is_none());
            if step.runs.len() < 2 && !unfinished {
                continue;
            }
            let runs = self.whole(*uuid, step);
            if unfinished {
                open.push(runs.clone());
            }
            if runs.runs.len() > 1 {
                repeated.push(runs);
            }
        }
        // A version 7 uuid begins with its time.
        repeated.sort_by_key(|step| step.step);
        open.sort_by_key(|step| step.step);
        (repeated, open)
    }

    /// Every step that was run.
    pub fn all(&self) -> Vec<StepRuns> {
        let mut steps: Vec<StepRuns> = self
            .steps
            .iter()
            .map(|(uuid, step)| self.whole(*uuid, step))
            .collect();
        steps.sort_by_key(|step| step.step);
        steps
    }

    fn whole(&self, uuid: Uuid, step: &Step) -> StepRuns {
        let mut runs: Vec<Run> = step
            .runs
            .iter()
            .filter_map(|run| {
                Some(Run {
                    instance: self.name(run.instance),
                    pid: run.pid,
                    attempt: run.attempt,
                    // The beginning may stand in a file that was rotated away.
                    started: run.started.or(run.finished)?,
                    finished: run.finished,
                    ok: run.ok,
                    checkpoint: run.checkpoint,
                })
            })
            .collect();
        runs.sort_by_key(|run| (run.started.wall, run.started.mono_ns));
        StepRuns {
            task: step.task,
            step: uuid,
            name: self.name(step.name),
            namespace: self.name(step.namespace),
            runs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: u64) -> Moment {
        let wall = DateTime::from_timestamp_millis(1_767_000_000_000 + millisecond as i64).unwrap();
        Moment {
            wall,
            mono_ns: millisecond * 1_000_000,
        }
    }

    fn line(started: bool, run: u128, step: u128, millisecond: u64) -> Line<'static> {
        Line {
            started,
            run: Uuid::from_u128(run),
            task: Uuid::from_u128(1),
            step: Uuid::from_u128(step),
            step_name: "write",
            namespace: "mail",
            attempt: 1,
            instance: "worker-rust-1",
            pid: 7,
            at: at(millisecond),
            ok: (!started).then_some(true),
            checkpoint: false,
        }
    }

    #[test]
    fn a_step_that_ran_once_and_ended_is_not_notable() {
        let mut runs = Runs::default();
        runs.add(&line(true, 10, 2, 0));
        runs.add(&line(false, 10, 2, 5));

        assert_eq!(runs.notable(), (Vec::new(), Vec::new()));
        assert_eq!((runs.count(), runs.steps()), (1, 1));
    }

    #[test]
    fn two_runs_of_a_step_are_put_together_whatever_the_order_of_the_lines() {
        let mut runs = Runs::default();
        runs.add(&line(false, 11, 2, 9));
        runs.add(&line(true, 10, 2, 0));
        runs.add(&line(true, 11, 2, 3));
        runs.add(&line(false, 10, 2, 5));

        let (repeated, open) = runs.notable();

        assert!(open.is_empty());
        assert_eq!(repeated[0].runs.len(), 2);
        assert_eq!(repeated[0].runs[0].finished, Some(at(5)));
        assert!(repeated[0].runs[0].overlaps(&repeated[0].runs[1]));
    }

    #[test]
    fn a_run_that_did_not_end_is_open() {
        let mut runs = Runs::default();
        runs.add(&line(true, 10, 2, 0));

        let (repeated, open) = runs.notable();

        assert!(repeated.is_empty());
        assert_eq!(open[0].name, "write");
    }

    #[test]
    fn one_run_after_another_does_not_overlap() {
        let run = |from, to| Run {
            instance: "a".into(),
            pid: 1,
            attempt: 1,
            started: at(from),
            finished: Some(at(to)),
            ok: Some(true),
            checkpoint: false,
        };

        assert!(!run(0, 5).overlaps(&run(5, 9)));
        assert!(run(0, 6).overlaps(&run(5, 9)));
        assert!(run(5, 9).overlaps(&run(0, 6)));
    }

    #[test]
    fn clocks_that_disagree_prove_no_overlap() {
        let run = |wall: u64, mono: u64| Run {
            instance: "a".into(),
            pid: 1,
            attempt: 1,
            started: Moment {
                wall: at(wall).wall,
                ..at(mono)
            },
            finished: Some(Moment {
                wall: at(wall + 9).wall,
                ..at(mono + 9)
            }),
            ok: Some(true),
            checkpoint: false,
        };

        // The machine booted in between.
        assert!(!run(0, 4).overlaps(&run(20, 1)));
        assert!(run(0, 4).overlaps(&run(3, 7)));
    }
}
