#[cfg(feature = "test-cluster")]
mod multi_instance;

mod domain_event_metrics_test;
mod workloads_test;
