//! A task's life as a list of events in the order of time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::conclusion::{Conclusion, conclude};
use crate::collect::postgres::TaskMessage;
use crate::evidence::Observed;
use crate::history::{RULES, State, StepRuns, TaskHistory, Transition};

/// What was looked at for one task.
pub struct Seen {
    pub now: DateTime<Utc>,
    pub task: TaskHistory,
    pub runs: Observed<Vec<StepRuns>>,
    pub messages: Vec<TaskMessage>,
    /// Who takes from the task's queue; none when it was not asked, since the task is at rest.
    pub subscribers: Option<Vec<String>>,
    /// When the last of its steps that wait for a retry may be tried.
    pub retry_due: Option<DateTime<Utc>>,
    /// Why the engine gave it up; none unless it did.
    pub given_up: Option<String>,
    /// Where a server answers, to be told to cancel the task.
    pub server: String,
    /// Instances by the engine's ids.
    pub names: BTreeMap<Uuid, String>,
    /// The last error by step.
    pub errors: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    pub task: Uuid,
    pub namespace: String,
    pub template: String,
    pub correlation: Uuid,
    pub created_at: DateTime<Utc>,
    pub state: String,
    pub server: String,
    pub events: Vec<Event>,
    pub messages: Vec<Waiting>,
    /// Why there are no events of the witness.
    pub witness_unseen: Option<String>,
    /// Rules of history that this task breaks.
    pub breaches: Vec<Breach>,
    pub conclusion: Conclusion,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    pub at: DateTime<Utc>,
    /// Milliseconds since the task was created.
    pub after_ms: i64,
    pub kind: Kind,
    /// The step's name; none for the task itself.
    pub step: Option<String>,
    pub what: String,
    /// The instance, or the engine's id where no instance of this boot has it.
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Transition,
    /// A result that the database accepted.
    Result,
    /// What the handler itself wrote down.
    Witness,
}

/// A message that waits, with the name of the step that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub step: Option<String>,
    pub message: TaskMessage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    pub code: String,
    pub step: Option<String>,
    pub observed: String,
}

impl Story {
    pub fn of(seen: &Seen) -> Self {
        let task = &seen.task;
        let mut events = of_database(seen);
        events.extend(of_witness(seen));
        events.sort_by_key(|event| event.at);
        Self {
            task: task.task,
            namespace: task.namespace.clone(),
            template: task.template.clone(),
            correlation: task.correlation,
            created_at: task.created_at,
            state: task.state().map_or("none", State::name).to_owned(),
            server: seen.server.clone(),
            events,
            messages: seen
                .messages
                .iter()
                .map(|message| waiting(task, message))
                .collect(),
            witness_unseen: match &seen.runs {
                Observed::Seen(_) => None,
                Observed::Unseen(unseen) => Some(unseen.to_string()),
            },
            breaches: RULES
                .iter()
                .flat_map(|rule| {
                    (rule.judge)(task).into_iter().map(|breach| Breach {
                        code: rule.code.to_owned(),
                        step: breach.step,
                        observed: breach.observed,
                    })
                })
                .collect(),
            conclusion: conclude(seen),
        }
    }
}

fn waiting(task: &TaskHistory, message: &TaskMessage) -> Waiting {
    let step = message.step.and_then(|step| task.step(step));
    Waiting {
        step: step.map(|step| step.name.clone()),
        message: message.clone(),
    }
}

fn of_database(seen: &Seen) -> Vec<Event> {
    let task = &seen.task;
    let mut events: Vec<Event> = task
        .transitions
        .iter()
        .map(|it| transition(seen, None, it))
        .collect();
    for step in &task.steps {
        events.extend(
            step.transitions
                .iter()
                .map(|it| transition(seen, Some(&step.name), it)),
        );
        events.extend(step.audits.iter().map(|audit| {
            let word = if audit.success { "success" } else { "failure" };
            let what = format!("result accepted: {word}");
            let by = audit.worker.map(|worker| named(seen, worker));
            event(seen, audit.at, Kind::Result, Some(&step.name), what, by)
        }));
    }
    events
}

fn transition<S: State>(seen: &Seen, step: Option<&str>, transition: &Transition<S>) -> Event {
    let from = transition.from.map_or("created", State::name);
    let what = format!("{from} -> {}", transition.to.name());
    let by = transition.processor.map(|processor| named(seen, processor));
    event(seen, transition.at, Kind::Transition, step, what, by)
}

fn of_witness(seen: &Seen) -> Vec<Event> {
    let mut events = Vec::new();
    for step in seen.runs.ok().into_iter().flatten() {
        for run in &step.runs {
            let by = || Some(format!("{} pid {}", run.instance, run.pid));
            let began = format!("handler began, attempt {}", run.attempt);
            let name = Some(step.name.as_str());
            events.push(event(
                seen,
                run.started.wall,
                Kind::Witness,
                name,
                began,
                by(),
            ));
            let Some(finished) = run.finished else {
                continue;
            };
            let ended = match run.ok {
                Some(true) if run.checkpoint => "handler ended in a checkpoint",
                Some(true) => "handler ended well",
                Some(false) => "handler ended with an error",
                None => "handler ended",
            };
            events.push(event(
                seen,
                finished.wall,
                Kind::Witness,
                name,
                ended.into(),
                by(),
            ));
        }
    }
    events
}

fn event(
    seen: &Seen,
    at: DateTime<Utc>,
    kind: Kind,
    step: Option<&str>,
    what: String,
    by: Option<String>,
) -> Event {
    Event {
        at,
        after_ms: (at - seen.task.created_at).num_milliseconds(),
        kind,
        step: step.map(str::to_owned),
        what,
        by,
    }
}

fn named(seen: &Seen, id: Uuid) -> String {
    seen.names
        .get(&id)
        .cloned()
        .unwrap_or_else(|| id.to_string())
}
