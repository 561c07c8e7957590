//! Faults to seed into made-up histories: tests and benchmarks prove with them that each is found.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Edge, State, StepState, TaskHistory, TaskState, Transition};

/// Changes a history in one place; false where it has no such place.
pub type Mutation = fn(&mut TaskHistory, usize) -> bool;

/// At least one for each rule, under the code that finds it.
pub const MUTATIONS: &[(&str, Mutation)] = &[
    ("CV601", |task, at| {
        begins_elsewhere(
            &mut task.transitions,
            at,
            TaskState::WaitingForRetry,
            TaskState::WaitingForDependencies,
        )
    }),
    ("CV602", |task, at| {
        let step = pick(&mut task.steps, at);
        begins_elsewhere(
            &mut step.transitions,
            at,
            StepState::WaitingForRetry,
            StepState::Pending,
        )
    }),
    ("CV603", |task, at| {
        goes_to(&mut task.transitions, at, TaskState::Pending)
    }),
    ("CV604", |task, at| {
        goes_to(
            &mut pick(&mut task.steps, at).transitions,
            at,
            StepState::EnqueuedForOrchestration,
        )
    }),
    ("CV605", |task, at| {
        skips_a_number(&mut task.transitions, at)
    }),
    ("CV605", |task, at| {
        skips_a_number(&mut pick(&mut task.steps, at).transitions, at)
    }),
    ("CV605", |task, at| {
        repeats_a_number(&mut pick(&mut task.steps, at).transitions, at)
    }),
    ("CV606", |task, at| marks_another(&mut task.transitions, at)),
    ("CV606", |task, at| {
        let last = pick(&mut task.steps, at).transitions.last_mut();
        last.map(|last| last.most_recent = false).is_some()
    }),
    ("CV606", |task, at| {
        marks_late(&mut pick(&mut task.steps, at).transitions, at)
    }),
    ("CV607", |task, at| {
        ends_again(
            &mut pick(&mut task.steps, at).transitions,
            StepState::Complete,
        )
    }),
    ("CV608", |task, _| {
        ends_again(&mut task.transitions, TaskState::Complete)
    }),
    ("CV609", |task, _| {
        let over = task.state() == Some(TaskState::Complete);
        over && add(&mut task.transitions, TaskState::EvaluatingResults)
    }),
    ("CV609", |task, _| {
        let over = task.state() == Some(TaskState::Cancelled);
        over && finalize(&mut task.transitions, TaskState::Complete)
    }),
    ("CV609", |task, _| {
        let over = task.state() == Some(TaskState::Complete);
        over && finalize(&mut task.transitions, TaskState::BlockedByFailures)
    }),
    ("CV609", |task, at| {
        let step = pick(&mut task.steps, at);
        step.state() == Some(StepState::Complete) && add(&mut step.transitions, StepState::Enqueued)
    }),
    ("CV610", |task, at| {
        let rest = task.at_rest();
        pick(&mut task.steps, at).attempts -= 1;
        rest
    }),
    ("CV613", |task, at| {
        let rest = task.at_rest();
        rest && pick(&mut task.steps, at).audits.pop().is_some()
    }),
    ("CV613", |task, at| {
        let rest = task.at_rest();
        let step = pick(&mut task.steps, at);
        let again = step.audits.iter().find(|audit| audit.success).cloned();
        rest && again.map(|again| step.audits.push(again)).is_some()
    }),
    ("CV614", |task, at| {
        let Some(edge) = task.edges.get(at % task.edges.len().max(1)).copied() else {
            return false;
        };
        let begun = |step: Uuid| {
            let step = task.step(step).unwrap();
            step.transitions
                .iter()
                .any(|it| it.to == StepState::Enqueued)
        };
        if !begun(edge.child) {
            return false;
        }
        let parent = task
            .steps
            .iter_mut()
            .find(|step| step.step == edge.parent)
            .unwrap();
        let satisfied = |to| matches!(to, StepState::Complete | StepState::ResolvedManually);
        parent.transitions.retain(|it| !satisfied(it.to));
        true
    }),
    ("CV614", |task, at| {
        let Some(edge) = task.edges.get(at % task.edges.len().max(1)).copied() else {
            return false;
        };
        let child = task
            .steps
            .iter_mut()
            .find(|step| step.step == edge.child)
            .unwrap();
        let begun = child
            .transitions
            .iter_mut()
            .find(|it| matches!(it.to, StepState::Enqueued | StepState::InProgress));
        begun.map(|it| it.at -= TimeDelta::hours(1)).is_some()
    }),
    ("CV615", |task, _| {
        task.complete = !task.complete;
        task.at_rest()
    }),
    ("CV615", |task, at| {
        let rest = task.at_rest();
        let step = pick(&mut task.steps, at);
        step.processed = !step.processed;
        rest && step.state().is_some()
    }),
    ("CV615", |task, at| {
        let rest = task.at_rest();
        let step = pick(&mut task.steps, at);
        step.in_process = true;
        rest && step
            .state()
            .is_some_and(|state| state != StepState::InProgress)
    }),
    ("CV620", |task, at| {
        pick(&mut task.steps, at).attempts = 4;
        true
    }),
    ("CV621", |task, at| {
        let step = pick(&mut task.steps, at);
        step.has_result = false;
        step.state() == Some(StepState::Complete)
    }),
    ("CV623", |task, at| {
        let transitions = &mut task.transitions;
        let index = 1 + at % transitions.len().max(1);
        transitions
            .get_mut(index)
            .map(|it| it.at -= TimeDelta::hours(1))
            .is_some()
    }),
    ("CV624", |task, at| {
        let child = pick(&mut task.steps, at).step;
        let parent = Uuid::from_u128(1);
        task.edges.push(Edge { parent, child });
        true
    }),
    ("CV624", |task, at| {
        let again = task.edges.get(at % task.edges.len().max(1)).copied();
        again.map(|again| task.edges.push(again)).is_some()
    }),
    ("CV624", |task, at| {
        let edge = task.edges.get(at % task.edges.len().max(1)).copied();
        let back = edge.map(|edge| Edge {
            parent: edge.child,
            child: edge.parent,
        });
        back.map(|back| task.edges.push(back)).is_some()
    }),
    ("CV624", |task, at| {
        let step = pick(&mut task.steps, at).step;
        task.edges.push(Edge {
            parent: step,
            child: step,
        });
        true
    }),
    ("CV625", |task, at| {
        let over = task.state() == Some(TaskState::Complete);
        let step = pick(&mut task.steps, at);
        let satisfied = |to| matches!(to, StepState::Complete | StepState::ResolvedManually);
        step.transitions.retain(|it| !satisfied(it.to));
        over
    }),
    ("CV625", |task, _| {
        // Nothing waits for the last step.
        if let Some(last) = task.steps.last_mut() {
            // One that was resolved by hand has no result else, and it is a result that asks.
            last.has_result = true;
            last.asks_for_batch = true;
        }
        task.state() == Some(TaskState::Complete)
    }),
    ("CV625", |task, at| {
        let over = task.state() == Some(TaskState::Complete);
        for transition in &mut pick(&mut task.steps, at).transitions {
            transition.at += TimeDelta::hours(1);
        }
        over
    }),
];

fn pick<T>(items: &mut [T], at: usize) -> &mut T {
    let index = at % items.len();
    &mut items[index]
}

/// A transition that is not the first begins in a state in which the one before it did not end.
fn begins_elsewhere<S: Copy + PartialEq>(
    transitions: &mut [Transition<S>],
    at: usize,
    one: S,
    other: S,
) -> bool {
    if transitions.len() < 2 {
        return false;
    }
    let transition = &mut transitions[1 + at % (transitions.len() - 1)];
    transition.from = Some(if transition.from == Some(one) {
        other
    } else {
        one
    });
    true
}

/// A transition goes to a state to which only few lead.
fn goes_to<S: State>(transitions: &mut [Transition<S>], at: usize, to: S) -> bool {
    let index = at % transitions.len().max(1);
    let Some(transition) = transitions.get_mut(index) else {
        return false;
    };
    // What an operator did leads to states of its own: the database cannot tell it of others.
    if transition.privileged || to.follows(transition.from) {
        return false;
    }
    transition.to = to;
    true
}

fn skips_a_number<S>(transitions: &mut [Transition<S>], at: usize) -> bool {
    let from = at % transitions.len().max(1);
    for transition in transitions.iter_mut().skip(from) {
        transition.sort_key += 1;
    }
    !transitions.is_empty()
}

fn repeats_a_number<S>(transitions: &mut [Transition<S>], at: usize) -> bool {
    let index = 1 + at % transitions.len().max(1);
    let Some(transition) = transitions.get_mut(index) else {
        return false;
    };
    transition.sort_key -= 1;
    true
}

fn marks_another<S>(transitions: &mut [Transition<S>], at: usize) -> bool {
    if transitions.len() < 2 {
        return false;
    }
    let index = at % (transitions.len() - 1);
    transitions[index].most_recent = true;
    true
}

/// Of two with one number the later is marked, and others have gone on.
fn marks_late<S>(transitions: &mut [Transition<S>], at: usize) -> bool {
    if transitions.len() < 3 {
        return false;
    }
    let index = 1 + at % (transitions.len() - 2);
    transitions[index].sort_key = transitions[index - 1].sort_key;
    for (other, transition) in transitions.iter_mut().enumerate() {
        transition.most_recent = other == index;
    }
    true
}

fn ends_again<S: Copy + PartialEq>(transitions: &mut Vec<Transition<S>>, end: S) -> bool {
    transitions.iter().any(|it| it.to == end) && add(transitions, end)
}

/// The engine's finalizer looks at no edge.
fn finalize(transitions: &mut Vec<Transition<TaskState>>, to: TaskState) -> bool {
    let added = add(transitions, to);
    if let Some(last) = transitions.last_mut() {
        last.privileged = true;
    }
    added
}

fn add<S: Copy>(transitions: &mut Vec<Transition<S>>, to: S) -> bool {
    let Some(mut again) = transitions.last().cloned() else {
        return false;
    };
    again.to = to;
    again.privileged = false;
    again.sort_key += 1;
    transitions.push(again);
    true
}
