//! A task of one step for tests, as `task` sees it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::story::Seen;
use crate::evidence::Observed;
use crate::history::{Audit, State, StepHistory, StepState, TaskHistory, TaskState, Transition};

pub fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_767_225_600_000 + ms).unwrap()
}

pub fn chain<S: State>(states: &[(S, i64)]) -> Vec<Transition<S>> {
    let mut from = None;
    let number = |index: usize| i32::try_from(index).unwrap() + 1;
    states
        .iter()
        .enumerate()
        .map(|(index, (to, ms))| Transition {
            from: from.replace(*to),
            to: *to,
            sort_key: number(index),
            most_recent: index + 1 == states.len(),
            processor: Some(Uuid::from_u128(1)),
            at: at(*ms),
            privileged: false,
        })
        .collect()
}

/// A task of one step, looked at a minute after its creation.
pub fn seen(task: &[(TaskState, i64)], step: &[(StepState, i64)]) -> Seen {
    let worker = Uuid::from_u128(2);
    let accepted = step.iter().any(|(state, _)| *state == StepState::Complete);
    let audit = Audit {
        worker: Some(worker),
        success: true,
        at: at(90),
    };
    let mut transitions = chain(step);
    for transition in &mut transitions {
        transition.processor = None;
    }
    let step = StepHistory {
        step: Uuid::from_u128(8),
        name: "send_it".into(),
        attempts: 1,
        max_attempts: 3,
        in_process: false,
        processed: accepted,
        has_result: accepted,
        asks_for_batch: false,
        transitions,
        audits: accepted.then_some(audit).into_iter().collect(),
    };
    Seen {
        now: at(60_000),
        task: TaskHistory {
            task: Uuid::from_u128(7),
            namespace: "mail".into(),
            template: "send".into(),
            correlation: Uuid::from_u128(9),
            created_at: at(0),
            complete: accepted,
            transitions: chain(task),
            steps: vec![step],
            edges: Vec::new(),
        },
        runs: Observed::Seen(Vec::new()),
        messages: Vec::new(),
        subscribers: None,
        retry_due: None,
        given_up: None,
        server: "http://127.0.0.1:18080".into(),
        names: [
            (Uuid::from_u128(1), "orchestration-1".to_owned()),
            (worker, "worker-rust-1".to_owned()),
        ]
        .into(),
        errors: BTreeMap::new(),
    }
}

pub const ENQUEUED: [(StepState, i64); 2] = [(StepState::Pending, 0), (StepState::Enqueued, 50)];
pub const COMPLETE: [(StepState, i64); 4] = [
    (StepState::Pending, 0),
    (StepState::Enqueued, 50),
    (StepState::InProgress, 60),
    (StepState::Complete, 90),
];
pub const IN_PROCESS: [(TaskState, i64); 4] = [
    (TaskState::Pending, 0),
    (TaskState::Initializing, 10),
    (TaskState::EnqueuingSteps, 20),
    (TaskState::StepsInProcess, 60),
];
pub const RETRYING: [(StepState, i64); 5] = [
    (StepState::Pending, 0),
    (StepState::Enqueued, 50),
    (StepState::InProgress, 60),
    (StepState::EnqueuedAsErrorForOrchestration, 70),
    (StepState::WaitingForRetry, 80),
];
