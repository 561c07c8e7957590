//! What holds of the rules on every history: silent on legal ones, and each mutation is found by its code.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::model::{Choices, bytes, life};
use super::mutations::MUTATIONS;
use super::{RULES, State, StepHistory, StepState, TaskHistory, TaskState, Transition};

/// What happens in a life: fewer choices make a plainer one, so that a failure shrinks to one that can be read.
fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..120)
}

fn codes(task: &TaskHistory) -> Vec<&'static str> {
    let fires = |rule: &&super::Rule| !(rule.judge)(task).is_empty();
    RULES.iter().filter(fires).map(|rule| rule.code).collect()
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
fn made_up_lives_give_every_mutation_a_place() {
    let mut applied = vec![false; MUTATIONS.len()];
    for seed in 0..3000 {
        let task = life(seed, &mut Choices::new(&bytes(seed)));
        for (index, (_, mutate)) in MUTATIONS.iter().enumerate() {
            applied[index] |= mutate(&mut task.clone(), seed as usize);
        }
    }

    assert_eq!(applied, vec![true; MUTATIONS.len()]);
}

type Edge<S> = (Option<S>, S);

/// Every edge of the engine's table but those out of an end, which its guards do not let happen.
fn legal<S: State + Ord>(all: &[S], reset: &[Edge<S>]) -> BTreeSet<Edge<S>> {
    let froms = all.iter().map(|from| Some(*from)).chain([None]);
    let edges = froms.flat_map(|from| all.iter().map(move |to| (from, *to)));
    edges
        .filter(|(from, to)| to.follows(*from))
        .filter(|edge| edge.0.is_none_or(|it| !it.is_terminal()) || reset.contains(edge))
        .collect()
}

fn walked<S: State + Ord>(transitions: &[Transition<S>], privileged: bool) -> BTreeSet<Edge<S>> {
    let transitions = transitions.iter().filter(|it| it.privileged == privileged);
    transitions.map(|it| (it.from, it.to)).collect()
}

#[test]
fn made_up_lives_take_every_edge_of_the_engines_table_and_are_seen_in_every_state() {
    let (mut seen, mut seen_of_steps) = (BTreeSet::new(), BTreeSet::new());
    let (mut of_tasks, mut of_steps) = (BTreeSet::new(), BTreeSet::new());
    let (mut past, mut by_hand) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..20_000 {
        let task = life(seed, &mut Choices::new(&bytes(seed)));
        of_tasks.extend(walked(&task.transitions, false));
        past.extend(walked(&task.transitions, true));
        seen.extend(task.state());
        seen_of_steps.extend(task.steps.iter().filter_map(StepHistory::state));
        for step in &task.steps {
            of_steps.extend(walked(&step.transitions, false));
            by_hand.extend(walked(&step.transitions, true));
        }
    }

    use TaskState as T;
    assert_eq!(seen.len(), T::ALL.len(), "{seen:?}");
    assert_eq!(seen_of_steps.len(), StepState::ALL.len());
    let reset = [(Some(T::Error), T::Pending)];
    assert_eq!(of_tasks, legal(T::ALL, &reset));
    assert_eq!(of_steps, legal(StepState::ALL, &[]));
    for (from, to) in [
        (T::EvaluatingResults, T::Complete),
        (T::WaitingForDependencies, T::Complete),
        (T::StepsInProcess, T::BlockedByFailures),
        (T::WaitingForRetry, T::Error),
    ] {
        assert!(
            past.contains(&(Some(from), to)),
            "{from:?} {to:?}: {past:?}"
        );
    }
    let ends = [StepState::Complete, StepState::ResolvedManually];
    for to in ends.into_iter().chain([StepState::Pending]) {
        assert!(by_hand.contains(&(Some(StepState::Error), to)), "{to:?}");
    }
}
