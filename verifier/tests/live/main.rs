//! Breaks a running cluster, one fault a test, and holds the verdict against what was broken.
//!
//! Needs a cluster (`./dev up --wait`) whose instances it may stop and kill; it leaves the cluster as
//! it found it. The tests take turns: two faults at once would blur what each of them shows.

#![cfg(feature = "test-cluster")]

mod by_hand;
mod clash;
mod cluster;
mod configuration;
#[path = "../common/deadline.rs"]
mod deadline;
mod described;
mod environment;
mod fault;
mod history;
mod identity;
mod large_history;
mod locked;
mod passed_over;
mod prepared;
mod processes;
mod races;
mod redelivery;
mod standstill;
mod subscriptions;
mod synthetic;
mod tampered;
mod together;
mod told;
mod verdict;
mod witness;
