//! The harness of the suite, and of any other test that wants to run against the cluster.
//!
//! A test finds the running cluster by itself, also when it was started with other counts, ports or
//! another profile: [`Environment::get`] reads what it was rendered from. Where no cluster runs, the
//! first test says so in one message and ends the run.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use cluster_tests::{MultiInstanceTestManager, create_task_request, turn};
//! use serde_json::json;
//!
//! let _turn = turn::beside_others()?;
//! let manager = MultiInstanceTestManager::setup_from_env().await?;
//! let request = create_task_request("rust_e2e_linear", "mathematical_sequence", json!({"even_number": 6}));
//! let tasks = manager.create_tasks_concurrent(vec![request; 10]).await?;
//! let tasks = cluster_tests::uuids(&tasks)?;
//! manager.wait_for_tasks_completion(tasks.clone(), Duration::from_secs(30)).await?;
//! manager.judge(&tasks).await?.accept()?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`OrchestrationCluster`] is the orchestration servers behind a [`LoadBalancingStrategy`].
//! - [`MultiInstanceTestManager`] creates tasks through all of them, waits for them, reads them back
//!   through every server, and lets the verifier judge them.
//! - [`IntegrationTestManager`] is one server and one worker.
//! - [`LifecycleTestManager`] is the database alone, in a transaction that is rolled back.
//! - [`turn::Alone`] breaks things, and [`Repair`] puts them right.
//! - [`turn`] keeps tests that disturb the cluster away from all others.
//! - [`Verdict`] tells what the stock engine is known to do wrong from what is broken here.

mod cluster_config;
mod environment;
mod fault;
mod health;
mod instance_process;
mod integration_test_manager;
mod interrupted;
mod lifecycle_test_manager;
mod load_balancing;
mod look;
mod multi_instance_test_manager;
mod orchestration_cluster;
mod outcome;
mod refusal;
mod request;
mod running;
mod sent;
pub mod turn;
mod verdict;
mod waiting;
mod workload;

pub use cluster_config::ClusterConfig;
pub use environment::Environment;
pub use fault::Repair;
pub use integration_test_manager::IntegrationTestManager;
pub use lifecycle_test_manager::{LifecycleTestManager, TransitionRow};
pub use load_balancing::LoadBalancingStrategy;
pub use multi_instance_test_manager::MultiInstanceTestManager;
pub use orchestration_cluster::OrchestrationCluster;
pub use outcome::{is_strict, say, skip};
pub use request::{
    create_fan_out_task_request, create_simple_task_request, create_task_request, uuids,
};
pub use sent::Sent;
pub use verdict::Verdict;
pub use waiting::{
    FORGOTTEN, wait_for_rest_or_stranded, wait_for_task_completion,
    wait_for_task_completion_via_cluster, wait_for_task_rest, wait_until,
};
pub use workload::{of_language, request_for, workloads};
