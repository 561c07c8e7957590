#[cfg(feature = "test-db")]
mod database_test;
mod load_balancing_test;
