//! `cluster-verify`: a verdict on a Tasker cluster that can be trusted.
//!
//! topology -> collect -> evidence -> check -> report -> exit status; arrows never point back.

pub mod check;
pub mod checks;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod error;
pub mod evidence;
pub mod exit;
pub mod history;
pub mod known;
pub mod project;
pub mod report;
pub mod topology;
