//! What needs the database and its message queues, and no service.

pub use cluster_tests as common;

mod integration;
