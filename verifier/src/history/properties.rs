//! What holds of the rules on every history: silent on legal ones, and each mutation is found by its code.

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::model::{Choices, life};
use super::{Edge, RULES, StepState, TaskHistory, TaskState, Transition};

/// What happens in a life: fewer choices make a plainer one, so that a failure shrinks to one that can be read.
fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..120)
}

fn codes(task: &TaskHistory) -> Vec<&'static str> {
    let fires = |code: &&str| !(super::rules::rule(code).unwrap().judge)(task).is_empty();
    RULES.iter().map(|rule| rule.code).filter(fires).collect()
}

/// Changes a history in one place; false where it has no such place.
type Mutation = fn(&mut TaskHistory, usize) -> bool;

/// At least one for each rule.
const MUTATIONS: &[(&str, Mutation)] = &[
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
        let enqueued = child
            .transitions
            .iter_mut()
            .find(|it| it.to == StepState::Enqueued);
        enqueued.map(|it| it.at -= TimeDelta::hours(1)).is_some()
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
        rest && step.state().is_some()
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
fn goes_to<S: super::State>(transitions: &mut [Transition<S>], at: usize, to: S) -> bool {
    let index = at % transitions.len().max(1);
    let Some(transition) = transitions.get_mut(index) else {
        return false;
    };
    transition.to = to;
    !transition.privileged && !to.follows(transition.from)
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

fn ends_again<S: Copy + PartialEq>(transitions: &mut Vec<Transition<S>>, end: S) -> bool {
    transitions.iter().any(|it| it.to == end) && add(transitions, end)
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

#[test]
fn each_rule_has_a_mutation() {
    for rule in RULES {
        assert!(
            MUTATIONS.iter().any(|(code, _)| *code == rule.code),
            "{}",
            rule.code
        );
    }
}

#[test]
fn the_plainest_life_is_one_step_that_succeeds() {
    let task = life(1, &mut Choices::new(&[]));

    assert_eq!(
        (task.steps.len(), task.state()),
        (1, Some(TaskState::Complete))
    );
    assert_eq!(codes(&task), Vec::<&str>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_fires_on_a_legal_life(bytes in choices()) {
        let task = life(1, &mut Choices::new(&bytes));
        prop_assert_eq!(codes(&task), Vec::<&str>::new());
    }

    #[test]
    fn each_mutation_is_found_by_its_code(bytes in choices(), at in 0..1000usize) {
        let task = life(1, &mut Choices::new(&bytes));
        for (index, (code, mutate)) in MUTATIONS.iter().enumerate() {
            let mut mutated = task.clone();
            if mutate(&mut mutated, at) {
                prop_assert!(codes(&mutated).contains(code), "mutation {index} for {code}: {:?}", codes(&mutated));
            }
        }
    }
}

#[test]
fn made_up_lives_come_to_every_end_and_give_every_mutation_a_place() {
    use rand_like::bytes;
    let mut ends = std::collections::BTreeSet::new();
    let mut of_steps = std::collections::BTreeSet::new();
    let mut applied = vec![false; MUTATIONS.len()];
    for seed in 0..3000 {
        let task = life(seed, &mut Choices::new(&bytes(seed)));
        ends.extend(task.state());
        of_steps.extend(task.steps.iter().filter_map(super::StepHistory::state));
        for (index, (_, mutate)) in MUTATIONS.iter().enumerate() {
            applied[index] |= mutate(&mut task.clone(), seed as usize);
        }
    }

    assert_eq!(ends.len(), 11, "{ends:?}");
    assert_eq!(of_steps.len(), 10, "{of_steps:?}");
    assert_eq!(applied, vec![true; MUTATIONS.len()]);
}

mod rand_like {
    /// A hundred bytes that look like chance (splitmix64).
    pub fn bytes(seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)) as u8
        };
        (0..100).map(|_| next()).collect()
    }
}
