//! The graph of a task's steps: its edges make sense, and its order was kept.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Breach;
use crate::history::{StepHistory, StepState, TaskHistory, TaskState};

/// A transition's time is when its transaction began, which may be before what it waited for.
const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

/// A task is complete without the batch of steps that one of its results asked for.
pub fn batch_never_made(task: &TaskHistory) -> Vec<Breach> {
    if task.state() != Some(TaskState::Complete) {
        return Vec::new();
    }
    let followed = |step: Uuid| task.edges.iter().any(|edge| edge.parent == step);
    Breach::in_steps(task, |step| {
        (step.asks_for_batch && !followed(step.step))
            .then(|| "its result asks for a batch of steps, and none was made".to_owned())
    })
}

/// A step was enqueued or claimed before each step that it depends on was complete.
pub fn dependency_violated(task: &TaskHistory) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for edge in &task.edges {
        let (Some(parent), Some(child)) = (task.step(edge.parent), task.step(edge.child)) else {
            continue;
        };
        let Some(begun) = first(child, |to| {
            matches!(to, StepState::Enqueued | StepState::InProgress)
        }) else {
            continue;
        };
        let satisfied = first(parent, |to| {
            matches!(to, StepState::Complete | StepState::ResolvedManually)
        });
        let observed = match satisfied {
            Some(at) if at <= begun + TOLERANCE => continue,
            Some(at) => format!("enqueued at {begun}, and {} complete at {at}", parent.name),
            None => format!("enqueued at {begun}, and {} not complete", parent.name),
        };
        breaches.push(Breach {
            step: Some(child.name.clone()),
            observed,
        });
    }
    breaches
}

/// A task is complete, and one of its steps was not, or not yet.
pub fn complete_too_early(task: &TaskHistory) -> Vec<Breach> {
    let completed = task
        .transitions
        .iter()
        .find(|it| it.to == TaskState::Complete);
    let Some(completed) = completed else {
        return Vec::new();
    };
    let mut breaches = Breach::in_steps(task, |step| {
        let satisfied = first(step, |to| {
            matches!(to, StepState::Complete | StepState::ResolvedManually)
        });
        match satisfied {
            Some(at) if at <= completed.at + TOLERANCE => None,
            Some(at) => Some(format!(
                "complete at {at}, and the task at {}",
                completed.at
            )),
            None if task.state() == Some(TaskState::Complete) => {
                Some("not complete, and the task is".to_owned())
            }
            None => None,
        }
    });
    // The task was completed once, however many of its steps were not.
    let others = breaches.len().saturating_sub(1);
    breaches.truncate(1);
    if let (Some(breach), 1..) = (breaches.first_mut(), others) {
        breach
            .observed
            .push_str(&format!(", as {others} more steps"));
    }
    breaches
}

/// Both ends of an edge are steps of the task, no edge is there twice, and none leads back.
pub fn edge_inconsistent(task: &TaskHistory) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut about = |observed: String| {
        breaches.push(Breach {
            step: None,
            observed,
        });
    };
    let mut in_order = true;
    for (index, edge) in task.edges.iter().enumerate() {
        for end in [edge.parent, edge.child] {
            if task.step(end).is_none() {
                about(format!("an edge to {end}, which is none of its steps"));
            }
        }
        if task.edges[..index].contains(edge) {
            about(format!(
                "the edge from {} to {} twice",
                edge.parent, edge.child
            ));
        }
        in_order &= edge.parent < edge.child;
    }
    // Parents are mostly created before their children, and then no way leads back.
    if !in_order && let Some(step) = on_a_cycle(task) {
        about(format!("edges that lead from {step} back to it"));
    }
    breaches
}

fn first(step: &StepHistory, wanted: impl Fn(StepState) -> bool) -> Option<DateTime<Utc>> {
    step.transitions
        .iter()
        .find(|it| wanted(it.to))
        .map(|it| it.at)
}

/// Takes away whoever depends on nothing that is left; who remains in the end waits for itself.
fn on_a_cycle(task: &TaskHistory) -> Option<Uuid> {
    let mut edges = task.edges.clone();
    loop {
        let before = edges.len();
        let children: Vec<Uuid> = edges.iter().map(|edge| edge.child).collect();
        edges.retain(|edge| children.contains(&edge.parent));
        match edges.first() {
            None => return None,
            Some(edge) if edges.len() == before => return Some(edge.parent),
            Some(_) => {}
        }
    }
}
