//! The life of a task as the database recorded it, and the rules that every such life obeys.
//!
//! Rules look at one task at a time, so that any number of tasks can be streamed past them.

pub mod model;
pub mod mutations;
#[cfg(test)]
mod properties;
pub mod rules;
mod runs;
mod state;
mod task_history;

pub use rules::{Breach, RULES, Rule};
pub use runs::{Line, Moment, Run, Runs, StepRuns, WitnessProcess};
pub use state::{State, StepState, TaskState};
pub use task_history::{Audit, Edge, StepHistory, TaskHistory, Transition};

/// Suspicious histories that evidence keeps for each code; more are only counted. For each, since what fires on
/// thousands of tasks must not crowd out what fires on one.
pub const KEPT: u64 = 100;

/// Tasks not at rest that evidence keeps; more are only counted.
pub const KEPT_OPEN: usize = 500;
