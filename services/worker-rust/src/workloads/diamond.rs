//! `diamond_pattern`: a square, squared on two branches, whose product is squared. 6 -> 6^16.

use std::sync::Arc;

use super::Named;
use crate::arithmetic::{even_number, of_parent, of_parents, squared};
use crate::handler::Outcome;
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        ("diamond::start", Arc::new(start)),
        ("diamond::branch", Arc::new(branch)),
        ("diamond::end", Arc::new(end)),
    ]
}

fn start(step: &Step<'_>) -> Outcome {
    squared(&even_number(step)?)
}

fn branch(step: &Step<'_>) -> Outcome {
    squared(&of_parent(step)?)
}

fn end(step: &Step<'_>) -> Outcome {
    squared(&of_parents(step)?.iter().product())
}
