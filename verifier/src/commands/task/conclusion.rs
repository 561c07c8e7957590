//! Where a task stands: at rest, on its way, or stuck at a step.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::story::Seen;
use crate::collect::canary::AT_REST;
use crate::history::{State, StepHistory, StepState, TaskHistory};

/// A task that moved within this time is on its way.
const STILL: TimeDelta = TimeDelta::seconds(10);

/// How late a server may be with a retry that is due.
const GRANTED: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Conclusion {
    AtRest {
        state: String,
        after_ms: i64,
        /// The step that kept it from completing, and its error.
        failed_step: Option<String>,
        error: Option<String>,
    },
    /// It moved a moment ago.
    Moving { state: String, moved_ms_ago: i64 },
    /// Every step is over, and nobody looks at the task again.
    Forgotten {
        state: String,
        still_ms: i64,
        steps: usize,
    },
    /// A step waits until it may be tried again; negative: that is due.
    Waits {
        state: String,
        step: String,
        due_in_ms: i64,
    },
    /// A step was to be tried again, and nobody looks at the task.
    Overdue {
        state: String,
        still_ms: i64,
        step: String,
        due_ms_ago: i64,
    },
    Stuck {
        state: String,
        still_ms: i64,
        /// None: the task has no steps yet.
        step: Option<String>,
        step_state: Option<String>,
        queue: String,
        /// Whether a message for the step waits in any queue, and how often it was taken.
        message: Option<i32>,
        subscribers: Vec<String>,
    },
}

/// Whether it should move and has not for a while.
pub fn stands_still(task: &TaskHistory, now: DateTime<Utc>) -> bool {
    !is_at_rest(task) && now - last_move(task) >= STILL
}

fn last_move(task: &TaskHistory) -> DateTime<Utc> {
    let of_steps = task.steps.iter().flat_map(|step| &step.transitions);
    let moves = task.transitions.iter().map(|it| it.at);
    let last = moves.chain(of_steps.map(|it| it.at)).max();
    last.unwrap_or(task.created_at)
}

fn is_at_rest(task: &TaskHistory) -> bool {
    task.state()
        .is_some_and(|state| AT_REST.contains(&state.name()))
}

pub fn conclude(seen: &Seen) -> Conclusion {
    let task = &seen.task;
    let state = task.state().map_or("none", State::name).to_owned();
    let last = last_move(task);
    if is_at_rest(task) {
        let failed = task
            .steps
            .iter()
            .find(|step| step.state() == Some(StepState::Error));
        let failed = failed.filter(|_| state != "complete");
        let rest = task
            .transitions
            .iter()
            .filter(|it| it.to.name() == state)
            .map(|it| it.at)
            .min();
        return Conclusion::AtRest {
            after_ms: (rest.unwrap_or(last) - task.created_at).num_milliseconds(),
            error: failed.and_then(|step| seen.errors.get(&step.name).cloned()),
            failed_step: failed.map(|step| step.name.clone()),
            state,
        };
    }
    let still = seen.now - last;
    if still < STILL {
        return Conclusion::Moving {
            state,
            moved_ms_ago: still.num_milliseconds(),
        };
    }
    let step = waited_for(task);
    if step.is_none() && !task.steps.is_empty() {
        return Conclusion::Forgotten {
            state,
            still_ms: still.num_milliseconds(),
            steps: task.steps.len(),
        };
    }
    let step_state = step.and_then(StepHistory::state);
    if let (Some(step), Some(StepState::WaitingForRetry)) = (step, step_state)
        && let Some(due) = seen.retry_due
    {
        let late = seen.now - due.max(last);
        return if late > GRANTED {
            Conclusion::Overdue {
                state,
                still_ms: still.num_milliseconds(),
                step: step.name.clone(),
                due_ms_ago: late.num_milliseconds(),
            }
        } else {
            Conclusion::Waits {
                state,
                step: step.name.clone(),
                due_in_ms: (due - seen.now).num_milliseconds(),
            }
        };
    }
    let message = seen
        .messages
        .iter()
        .find(|it| it.step == step.map(|step| step.step));
    let queue = match step_state {
        Some(StepState::EnqueuedForOrchestration | StepState::EnqueuedAsErrorForOrchestration) => {
            "orchestration_step_results".to_owned()
        }
        _ => format!("worker_{}_queue", task.namespace),
    };
    Conclusion::Stuck {
        state,
        still_ms: still.num_milliseconds(),
        step: step.map(|step| step.name.clone()),
        step_state: step_state.map(|state| state.name().to_owned()),
        queue: message.map_or(queue, |message| message.queue.clone()),
        message: message.map(|message| message.read_count),
        subscribers: seen.subscribers.clone().unwrap_or_default(),
    }
}

/// The first step that somebody has in hand or should take, else one that began and did not end, else one that did
/// not begin.
fn waited_for(task: &TaskHistory) -> Option<&StepHistory> {
    let open = |step: &&StepHistory| {
        !matches!(
            step.state(),
            Some(StepState::Complete | StepState::Cancelled | StepState::ResolvedManually)
        )
    };
    let begun = |step: &&StepHistory| open(step) && step.state() != Some(StepState::Pending);
    let in_flight = |step: &&StepHistory| step.state().is_some_and(StepState::is_in_flight);
    task.steps
        .iter()
        .find(in_flight)
        .or_else(|| task.steps.iter().find(begun))
        .or_else(|| task.steps.iter().find(open))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;
    use crate::collect::postgres::TaskMessage;
    use crate::commands::task::render::table;
    use crate::commands::task::story::Story;
    use crate::evidence::Observed;
    use crate::history::{Audit, TaskState, Transition};

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_767_225_600_000 + ms).unwrap()
    }

    fn chain<S: State>(states: &[(S, i64)]) -> Vec<Transition<S>> {
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
    fn seen(task: &[(TaskState, i64)], step: &[(StepState, i64)]) -> Seen {
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
            server: "http://127.0.0.1:18080".into(),
            names: [
                (Uuid::from_u128(1), "orchestration-1".to_owned()),
                (worker, "worker-rust-1".to_owned()),
            ]
            .into(),
            errors: BTreeMap::new(),
        }
    }

    const ENQUEUED: [(StepState, i64); 2] = [(StepState::Pending, 0), (StepState::Enqueued, 50)];
    const COMPLETE: [(StepState, i64); 4] = [
        (StepState::Pending, 0),
        (StepState::Enqueued, 50),
        (StepState::InProgress, 60),
        (StepState::Complete, 90),
    ];
    const IN_PROCESS: [(TaskState, i64); 4] = [
        (TaskState::Pending, 0),
        (TaskState::Initializing, 10),
        (TaskState::EnqueuingSteps, 20),
        (TaskState::StepsInProcess, 60),
    ];

    #[test]
    fn a_step_that_nobody_takes_is_where_the_task_is_stuck() {
        let mut seen = seen(&IN_PROCESS, &ENQUEUED);
        seen.messages = vec![TaskMessage {
            queue: "worker_mail_queue".into(),
            id: 5,
            step: Some(Uuid::from_u128(8)),
            enqueued_at: at(55),
            read_count: 0,
            hidden_until: None,
        }];
        seen.subscribers = Some(Vec::new());

        assert!(stands_still(&seen.task, seen.now));
        assert_eq!(
            table(&Story::of(&seen)),
            "task 00000000-0000-0000-0000-000000000007 of mail/send
  created 2026-01-01 00:00:00.000 UTC, correlation 00000000-0000-0000-0000-000000000009
    0.000s  task     created -> pending                   orchestration-1
    0.000s  send_it  created -> pending
    0.010s  task     pending -> initializing              orchestration-1
    0.020s  task     initializing -> enqueuing_steps      orchestration-1
    0.050s  send_it  pending -> enqueued
    0.060s  task     enqueuing_steps -> steps_in_process  orchestration-1
waits in worker_mail_queue: message 5 about step send_it, sent 00:00:00.055, read 0 times,
  can be taken now
conclusion: stuck at step send_it: enqueued, task steps_in_process, no move for 59.940 s
  queue worker_mail_queue: its message waits, read 0 times
  nobody was seen to take from the namespace's queue
  next: `cluster-verify check --only 2,3,4`
"
        );
    }

    #[test]
    fn a_task_whose_steps_are_all_over_is_forgotten() {
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::EvaluatingResults, 80));
        states.push((TaskState::WaitingForDependencies, 95));

        assert!(
            table(&Story::of(&seen(&states, &COMPLETE))).ends_with(
                "conclusion: forgotten: all 1 steps are over, task waiting_for_dependencies, no move for 59.905 s
  the last result came while a server had the task in hand and found it not ready: nobody looks again
  next: `curl -X DELETE http://127.0.0.1:18080/v1/tasks/00000000-0000-0000-0000-000000000007` and create it anew
"
            ),
        );
    }

    const RETRYING: [(StepState, i64); 5] = [
        (StepState::Pending, 0),
        (StepState::Enqueued, 50),
        (StepState::InProgress, 60),
        (StepState::EnqueuedAsErrorForOrchestration, 70),
        (StepState::WaitingForRetry, 80),
    ];

    #[test]
    fn a_retry_that_is_long_due_is_forgotten() {
        let mut seen = seen(&IN_PROCESS, &RETRYING);
        seen.now = at(100_000);
        seen.retry_due = Some(at(2_000));

        assert!(
            table(&Story::of(&seen)).ends_with(
                "conclusion: forgotten: step send_it was to be tried again 98.000 s ago, task steps_in_process, no move for 99.920 s
  its result came while a server had the task in hand: nobody looks again (`cluster-verify explain CV618`)
  next: `curl -X DELETE http://127.0.0.1:18080/v1/tasks/00000000-0000-0000-0000-000000000007` and create it anew
"
            ),
            "{}",
            table(&Story::of(&seen))
        );
    }

    #[test]
    fn a_retry_that_is_not_due_or_only_just_is_waited_for() {
        let mut seen = seen(&IN_PROCESS, &RETRYING);
        let told = |seen: &Seen| table(&Story::of(seen)).lines().last().unwrap().to_owned();

        seen.retry_due = Some(at(64_500));
        assert_eq!(
            told(&seen),
            "conclusion: waits: step send_it is tried again in 4.500 s, task steps_in_process"
        );

        seen.retry_due = Some(at(5_000));
        assert_eq!(
            told(&seen),
            "conclusion: waits: step send_it is to be tried again since 55.000 s, task steps_in_process; run this again"
        );
    }

    #[test]
    fn a_step_in_hand_is_waited_for_before_one_that_is_tried_again_later() {
        let mut seen = seen(&IN_PROCESS, &RETRYING);
        let mut other = seen.task.steps[0].clone();
        other.name = "file_it".into();
        other.transitions = chain(&ENQUEUED);
        seen.task.steps.push(other);
        seen.retry_due = Some(at(2_000));

        let Conclusion::Stuck { step, .. } = conclude(&seen) else {
            panic!("it is stuck");
        };
        assert_eq!(step.as_deref(), Some("file_it"));
    }

    #[test]
    fn a_result_that_no_server_takes_waits_in_the_servers_queue() {
        let step = [
            (StepState::Pending, 0),
            (StepState::Enqueued, 50),
            (StepState::InProgress, 60),
            (StepState::EnqueuedForOrchestration, 70),
        ];
        let Conclusion::Stuck { queue, message, .. } = conclude(&seen(&IN_PROCESS, &step)) else {
            panic!("it is stuck");
        };

        assert_eq!(queue, "orchestration_step_results");
        assert_eq!(message, None);
    }

    #[test]
    fn a_task_that_moved_a_moment_ago_is_on_its_way() {
        let mut seen = seen(&IN_PROCESS, &ENQUEUED);
        seen.now = at(1_060);

        assert!(!stands_still(&seen.task, seen.now));
        assert_eq!(
            conclude(&seen),
            Conclusion::Moving {
                state: "steps_in_process".into(),
                moved_ms_ago: 1_000
            }
        );
    }

    #[test]
    fn a_complete_task_is_at_rest_since_its_first_completion() {
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::Complete, 100));

        let story = Story::of(&seen(&states, &COMPLETE));

        assert!(
            table(&story).ends_with("conclusion: at rest: complete after 0.100 s\n"),
            "{}",
            table(&story)
        );
        let accepted = story
            .events
            .iter()
            .find(|event| event.what == "result accepted: success");
        assert_eq!(accepted.unwrap().by.as_deref(), Some("worker-rust-1"));
    }

    #[test]
    fn a_blocked_task_names_the_step_and_its_error() {
        let failed = [
            (StepState::Pending, 0),
            (StepState::Enqueued, 50),
            (StepState::InProgress, 60),
            (StepState::Error, 90),
        ];
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::EvaluatingResults, 95));
        states.push((TaskState::BlockedByFailures, 100));
        let mut seen = seen(&states, &failed);
        seen.errors
            .insert("send_it".into(), "no such address".into());

        assert!(table(&Story::of(&seen)).ends_with(
            "conclusion: at rest: blocked_by_failures after 0.100 s; step send_it failed: no such \
             address\n"
        ));
    }
}
