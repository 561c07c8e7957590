//! A task that went well, what the handlers wrote of it, and pieces of others.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{now, uuid, worker_uuid};
use crate::evidence::{Observed, OpenStep, OpenTask, WitnessView};
use crate::history::{
    Audit, Edge, Line, Moment, Runs, StepHistory, StepState, TaskHistory, TaskState, Transition,
};

pub fn witness() -> WitnessView {
    let task = task_history();
    let mut runs = Runs::default();
    for (index, step) in task.steps.iter().enumerate() {
        let begins = 50 * i64::try_from(index).unwrap() + 22;
        for (started, after) in [(true, 0), (false, 5)] {
            runs.add(&Line {
                started,
                run: uuid(0xC000 + index as u128),
                task: task.task,
                step: step.step,
                step_name: &step.name,
                namespace: &task.namespace,
                attempt: 1,
                instance: "worker-rust-1",
                pid: 102,
                at: moment(begins + after),
                ok: (!started).then_some(true),
                checkpoint: false,
            });
        }
    }
    let mut view = WitnessView::of(&runs);
    view.audits = Observed::Seen(BTreeMap::new());
    view
}

/// Milliseconds after the healthy task began, by both clocks.
pub fn moment(milliseconds: i64) -> Moment {
    Moment {
        wall: now() + TimeDelta::milliseconds(milliseconds),
        mono_ns: 1_000_000 * u64::try_from(1000 + milliseconds).unwrap(),
    }
}

/// A task of two steps, one after the other, that went well.
pub fn task_history() -> TaskHistory {
    use StepState as S;
    use TaskState as T;
    let task_path = [
        T::Pending,
        T::Initializing,
        T::EnqueuingSteps,
        T::StepsInProcess,
        T::EvaluatingResults,
        T::EnqueuingSteps,
        T::StepsInProcess,
        T::EvaluatingResults,
        T::Complete,
    ];
    let step_path = [
        S::Pending,
        S::Enqueued,
        S::InProgress,
        S::EnqueuedForOrchestration,
        S::Complete,
    ];
    let step = |number: u128, name: &str, begins: i64| StepHistory {
        step: uuid(number),
        name: name.into(),
        attempts: 1,
        max_attempts: 3,
        in_process: false,
        processed: true,
        has_result: true,
        asks_for_batch: false,
        transitions: chain(&step_path, begins),
        audits: vec![Audit {
            worker: Some(worker_uuid("worker-rust-1")),
            success: true,
            at: now() + TimeDelta::milliseconds(begins + 35),
        }],
    };
    TaskHistory {
        task: uuid(1),
        namespace: "mail".into(),
        template: "letter".into(),
        correlation: uuid(2),
        created_at: now(),
        complete: true,
        transitions: chain(&task_path, 0),
        steps: vec![step(3, "write", 0), step(4, "send", 50)],
        edges: vec![Edge {
            parent: uuid(3),
            child: uuid(4),
        }],
    }
}

/// A task whose first step is in this state since then.
pub fn open_task(state: StepState, since: DateTime<Utc>) -> OpenTask {
    let task = task_history();
    OpenTask {
        task: task.task,
        namespace: task.namespace,
        template: task.template,
        state: Some(TaskState::StepsInProcess),
        since,
        waits_for_retry: false,
        retry_due: None,
        steps: task.steps.len(),
        steps_complete: 0,
        in_flight: vec![OpenStep {
            step: task.steps[0].step,
            name: task.steps[0].name.clone(),
            state,
            since,
            message: Some(true),
        }],
    }
}

/// Transitions along a path of states, ten milliseconds apart.
pub fn chain<S: Copy>(path: &[S], begins: i64) -> Vec<Transition<S>> {
    path.iter()
        .enumerate()
        .map(|(index, &to)| Transition {
            from: index.checked_sub(1).map(|before| path[before]),
            to,
            sort_key: i32::try_from(index).unwrap() + 1,
            most_recent: index + 1 == path.len(),
            processor: Some(uuid(0xB100)),
            at: now() + TimeDelta::milliseconds(begins + 10 * i64::try_from(index).unwrap()),
            privileged: false,
        })
        .collect()
}
