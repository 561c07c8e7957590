//! `mathematical_sequence`: squares, four times over. 6 -> 6^16.

use std::sync::Arc;

use super::Named;
use crate::arithmetic::{even_number, of_parent, squared};
use crate::handler::Outcome;
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        ("linear::square_input", Arc::new(square_input)),
        ("linear::square_previous", Arc::new(square_previous)),
    ]
}

fn square_input(step: &Step<'_>) -> Outcome {
    squared(&even_number(step)?)
}

fn square_previous(step: &Step<'_>) -> Outcome {
    squared(&of_parent(step)?)
}
