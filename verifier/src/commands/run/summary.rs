//! The numbers of a run.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::life::Life;
use crate::evidence::{Canary, CreateOutcome};
use crate::topology::Workload;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub namespace: String,
    pub template: String,
    /// The state in which each task must come to rest.
    pub outcome: String,
    pub wanted: usize,
    pub concurrency: usize,
    pub interrupted: bool,
    pub created: usize,
    /// Why creates failed and left no task, and how often.
    pub failed_creates: BTreeMap<String, usize>,
    /// Creates that were answered with an error although the task exists.
    pub indeterminate_creates: BTreeMap<String, usize>,
    /// Tasks by the state in which the database has them.
    pub states: BTreeMap<String, usize>,
    /// Tasks that did not come to rest.
    pub open: usize,
    /// From the first create to the last rest, by the database's clock.
    pub seconds: f64,
    /// Tasks at rest in a second of that.
    pub throughput: f64,
    /// Milliseconds from a task's row to its rest, by the database's clock.
    pub latency_ms: Option<Percentiles>,
    /// Milliseconds that a create took to be answered, by ours.
    pub create_ms: Option<Percentiles>,
    pub by_server: BTreeMap<String, ServerShare>,
    /// Accepted results of steps by worker instance.
    pub by_worker: BTreeMap<String, u64>,
    /// Values that are not those of config/workloads.toml; none where it names none.
    pub wrong_results: Option<u64>,
    /// Some tasks of which the outcome is another.
    pub examples: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    pub p50: u64,
    pub p95: u64,
    pub p99: u64,
    pub max: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ServerShare {
    /// Creates that it answered with a task.
    pub created: usize,
    /// Tasks that it moved first.
    pub initialised: usize,
}

/// Tasks that are named when their outcome is another.
const EXAMPLES: usize = 3;

impl Summary {
    /// `names` are the instances by the engine's own ids.
    pub fn of(
        workload: &Workload,
        tasks: &[Canary],
        lives: &[Life],
        names: &BTreeMap<Uuid, String>,
    ) -> Self {
        let name = |id: &Uuid| {
            let known = names.get(id).cloned();
            known.unwrap_or_else(|| stranger(&id.to_string()))
        };
        let mut failed_creates: BTreeMap<String, usize> = BTreeMap::new();
        let mut indeterminate_creates: BTreeMap<String, usize> = BTreeMap::new();
        let mut by_server: BTreeMap<String, ServerShare> = BTreeMap::new();
        for task in tasks {
            let share = by_server.entry(task.via.clone()).or_default();
            match &task.create {
                CreateOutcome::Created { .. } => share.created += 1,
                CreateOutcome::Indeterminate {
                    message,
                    task_uuid: Some(_),
                } => *indeterminate_creates.entry(message.clone()).or_default() += 1,
                CreateOutcome::Refused { message, .. }
                | CreateOutcome::Indeterminate { message, .. } => {
                    *failed_creates.entry(message.clone()).or_default() += 1;
                }
            }
        }
        let mut by_worker: BTreeMap<String, u64> = BTreeMap::new();
        let mut states: BTreeMap<String, usize> = BTreeMap::new();
        for life in lives {
            *states.entry(life.state.clone()).or_default() += 1;
            if let Some(server) = life.initialiser {
                by_server.entry(name(&server)).or_default().initialised += 1;
            }
            for (worker, results) in &life.results {
                *by_worker.entry(name(worker)).or_default() += results;
            }
        }
        let seconds = seconds(lives);
        let at_rest = lives.iter().filter(|life| life.rested_at.is_some()).count();
        Self {
            namespace: workload.namespace.clone(),
            template: workload.template.clone(),
            outcome: workload.outcome.clone(),
            wanted: tasks.len(),
            concurrency: 1,
            interrupted: false,
            created: lives.len(),
            failed_creates,
            indeterminate_creates,
            states,
            open: lives.len() - at_rest,
            seconds,
            throughput: if seconds > 0.0 {
                at_rest as f64 / seconds
            } else {
                0.0
            },
            latency_ms: percentiles(lives.iter().filter_map(Life::latency_ms).collect()),
            create_ms: percentiles(tasks.iter().map(|task| task.create_ms).collect()),
            by_server,
            by_worker,
            wrong_results: None,
            examples: examples(workload, tasks),
        }
    }

    /// What no check judges and is not as it should be, as clauses; nothing when all is well. Whether each task
    /// came to rest CV502 judges, which knows what of that is a known fault's.
    pub fn unexpected(&self) -> Vec<String> {
        let failed: usize = self.failed_creates.values().sum();
        let untried = self.wanted.saturating_sub(self.created + failed);
        [
            (failed, "not created"),
            (
                if self.interrupted { 0 } else { untried },
                "not tried after the first failed",
            ),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect()
    }
}

/// An id that no instance of this boot has.
fn stranger(id: &str) -> String {
    format!("unknown {id}")
}

fn seconds(lives: &[Life]) -> f64 {
    let first = lives.iter().map(|life| life.created_at).min();
    let last = lives.iter().filter_map(|life| life.rested_at).max();
    match (first, last) {
        (Some(first), Some(last)) => (last - first).num_milliseconds() as f64 / 1000.0,
        _ => 0.0,
    }
}

/// By the nearest rank; none of nothing.
fn percentiles(mut values: Vec<u64>) -> Option<Percentiles> {
    values.sort_unstable();
    let max = *values.last()?;
    let rank = |percent: usize| values[(values.len() * percent).div_ceil(100).max(1) - 1];
    Some(Percentiles {
        p50: rank(50),
        p95: rank(95),
        p99: rank(99),
        max,
    })
}

fn examples(workload: &Workload, tasks: &[Canary]) -> Vec<String> {
    tasks
        .iter()
        .filter(|task| task.state() != Some(workload.outcome.as_str()))
        .filter_map(|task| {
            let uuid = task.create.task_uuid()?;
            Some(format!(
                "{uuid} {}",
                task.state().unwrap_or("not told by any server")
            ))
        })
        .take(EXAMPLES)
        .collect()
}

#[cfg(test)]
pub mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};

    use super::*;

    fn created(via: &str, create: CreateOutcome) -> Canary {
        Canary {
            create_ms: 10,
            finished_ms: Some(100),
            ..Canary::new(via.into(), "mail".into(), "send".into(), create)
        }
    }

    fn life(at_ms: i64, latency_ms: Option<i64>, state: &str) -> Life {
        let begin = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
        let created_at = begin + TimeDelta::milliseconds(at_ms);
        Life {
            created_at,
            rested_at: latency_ms.map(|latency| created_at + TimeDelta::milliseconds(latency)),
            state: state.into(),
            initialiser: Some(Uuid::from_u128(1)),
            results: [(Uuid::from_u128(2), 3), (Uuid::from_u128(9), 1)].into(),
        }
    }

    /// Ten tasks created 100 ms apart, each at rest 50 ms later.
    pub fn summary() -> Summary {
        let names = [
            (Uuid::from_u128(1), "orchestration-1".to_owned()),
            (Uuid::from_u128(2), "worker-rust-1".to_owned()),
        ];
        let tasks: Vec<Canary> = (0..10)
            .map(|task| {
                let task_uuid = Uuid::from_u128(task).to_string();
                created("orchestration-1", CreateOutcome::Created { task_uuid })
            })
            .collect();
        let lives: Vec<Life> = (0..10)
            .map(|task| life(task * 100, Some(50), "complete"))
            .collect();
        let mut summary = Summary::of(&Workload::example(), &tasks, &lives, &names.into());
        summary.examples.clear();
        summary
    }

    #[test]
    fn ten_tasks_have_a_rate_and_percentiles() {
        let summary = summary();

        assert_eq!((summary.created, summary.open), (10, 0));
        assert!((summary.seconds - 0.95).abs() < 1e-9, "{}", summary.seconds);
        assert!((summary.throughput - 10.0 / 0.95).abs() < 1e-6);
        assert_eq!(summary.latency_ms.unwrap().p99, 50);
        assert_eq!(summary.by_server["orchestration-1"].created, 10);
        assert_eq!(summary.by_server["orchestration-1"].initialised, 10);
        assert_eq!(summary.by_worker["worker-rust-1"], 30);
        assert_eq!(
            summary.by_worker[&format!("unknown {}", Uuid::from_u128(9))],
            10
        );
        assert_eq!(summary.unexpected(), Vec::<String>::new());
    }

    #[test]
    fn another_state_or_a_failed_create_is_not_as_expected() {
        let refused = CreateOutcome::Refused {
            status: 500,
            message: "HTTP 500: no".into(),
        };
        let tasks = [created("orchestration-2", refused)];

        let mut nothing = Summary::of(&Workload::example(), &tasks, &[], &BTreeMap::new());
        nothing.wanted = 4;
        assert_eq!(
            nothing.unexpected(),
            ["1 not created", "3 not tried after the first failed"]
        );
        assert_eq!(nothing.failed_creates["HTTP 500: no"], 1);
        assert_eq!(nothing.latency_ms, None);

        let open = [life(0, None, "steps_in_process")];
        let stuck = Summary::of(&Workload::example(), &[], &open, &BTreeMap::new());
        assert_eq!((stuck.open, stuck.unexpected().len()), (1, 0));

        let other = [life(0, Some(5), "error")];
        let other = Summary::of(&Workload::example(), &[], &other, &BTreeMap::new());
        // Whether at rest, and in which state, the checks judge.
        assert_eq!(other.unexpected(), [""; 0]);
    }

    #[test]
    fn a_task_that_exists_in_spite_of_an_error_is_no_failed_create() {
        let create = CreateOutcome::Indeterminate {
            message: "HTTP 500: no".into(),
            task_uuid: Some(Uuid::from_u128(1).to_string()),
        };
        let tasks = [created("orchestration-2", create)];
        let lives = [life(0, Some(5), "complete")];

        let summary = Summary::of(&Workload::example(), &tasks, &lives, &BTreeMap::new());

        assert_eq!(summary.unexpected(), Vec::<String>::new());
        assert_eq!(summary.indeterminate_creates["HTTP 500: no"], 1);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let of = |values: &[u64]| percentiles(values.to_vec());

        assert_eq!(of(&[]), None);
        let one = of(&[7]).unwrap();
        assert_eq!((one.p50, one.p95, one.p99, one.max), (7, 7, 7, 7));
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let all = of(&hundred).unwrap();
        assert_eq!((all.p50, all.p95, all.p99, all.max), (50, 95, 99, 100));
    }
}
