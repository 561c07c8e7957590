#[cfg(feature = "test-cluster")]
mod multi_instance;
