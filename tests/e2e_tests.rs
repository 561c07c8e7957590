//! What needs running services, and with `test-cluster` several of each.

pub use cluster_tests as common;

mod e2e;
