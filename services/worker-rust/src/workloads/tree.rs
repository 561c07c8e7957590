//! `hierarchical_tree`: a root, two branches, four leaves, each a square; the product of the leaves is squared.
//! 6 -> 6^64, which has fifty digits.

use std::sync::Arc;

use super::Named;
use crate::arithmetic::{even_number, of_parent, of_parents, squared};
use crate::handler::Outcome;
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        ("tree::root", Arc::new(root)),
        ("tree::branch", Arc::new(branch)),
        ("tree::leaf", Arc::new(leaf)),
        ("tree::converge", Arc::new(converge)),
    ]
}

fn root(step: &Step<'_>) -> Outcome {
    squared(&even_number(step)?)
}

fn branch(step: &Step<'_>) -> Outcome {
    squared(&of_parent(step)?)
}

fn leaf(step: &Step<'_>) -> Outcome {
    squared(&of_parent(step)?)
}

fn converge(step: &Step<'_>) -> Outcome {
    squared(&of_parents(step)?.iter().product())
}
