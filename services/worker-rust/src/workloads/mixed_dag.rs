//! `complex_dag`: two sides, of which one is transformed, one analysed, and both are validated together; the three meet.
//! 6 -> 6^64.

use std::sync::Arc;

use super::Named;
use crate::arithmetic::{even_number, of_parent, of_parents, squared};
use crate::handler::Outcome;
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        ("mixed_dag::init", Arc::new(init)),
        ("mixed_dag::process", Arc::new(square_previous)),
        ("mixed_dag::validate", Arc::new(square_product)),
        ("mixed_dag::transform", Arc::new(square_previous)),
        ("mixed_dag::analyze", Arc::new(square_previous)),
        ("mixed_dag::finalize", Arc::new(square_product)),
    ]
}

fn init(step: &Step<'_>) -> Outcome {
    squared(&even_number(step)?)
}

fn square_previous(step: &Step<'_>) -> Outcome {
    squared(&of_parent(step)?)
}

fn square_product(step: &Step<'_>) -> Outcome {
    squared(&of_parents(step)?.iter().product())
}
