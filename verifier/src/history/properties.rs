//! What holds of the rules on every history: silent on legal ones, and each mutation is found by its code.

use proptest::prelude::*;

use super::model::{Choices, bytes, life};
use super::mutations::MUTATIONS;
use super::{RULES, TaskHistory, TaskState};

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
fn made_up_lives_come_to_every_end_and_give_every_mutation_a_place() {
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
