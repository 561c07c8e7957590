//! What needs nothing, and with `test-db` what needs the database alone.

pub use cluster_tests as common;

mod basic;
