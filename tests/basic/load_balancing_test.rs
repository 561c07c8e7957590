//! How requests are spread, without any server behind the addresses.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::common::{ClusterConfig, LoadBalancingStrategy, OrchestrationCluster};

/// Addresses that nobody listens on: bound once, so that they are ours, and let go.
fn nobody(count: usize) -> Vec<String> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    listeners
        .iter()
        .map(|listener| format!("http://127.0.0.1:{}", port(listener)))
        .collect()
}

async fn cluster(load_balancing: LoadBalancingStrategy) -> OrchestrationCluster {
    OrchestrationCluster::new(ClusterConfig {
        orchestration_urls: nobody(3),
        load_balancing,
        health_timeout: Duration::from_millis(500),
        ..ClusterConfig::default()
    })
    .await
    .unwrap()
}

fn chosen(cluster: &OrchestrationCluster, times: usize) -> BTreeMap<String, usize> {
    let mut chosen = BTreeMap::new();
    for _ in 0..times {
        *chosen
            .entry(cluster.get_client().base_url().to_owned())
            .or_default() += 1;
    }
    chosen
}

#[tokio::test]
async fn round_robin_takes_each_in_turn() {
    let chosen = chosen(&cluster(LoadBalancingStrategy::RoundRobin).await, 12);

    assert_eq!(chosen.values().copied().collect::<Vec<_>>(), [4, 4, 4]);
}

#[tokio::test]
async fn random_takes_each_now_and_then() {
    // The chance of missing one in 200 is 1 in 10^35.
    let chosen = chosen(&cluster(LoadBalancingStrategy::Random).await, 200);

    assert_eq!(chosen.len(), 3);
}

#[tokio::test]
async fn sticky_stays_with_one_and_different_tasks_are_spread() {
    let task = Uuid::now_v7();
    let cluster = cluster(LoadBalancingStrategy::Sticky(task)).await;

    assert_eq!(chosen(&cluster, 10).len(), 1);
    assert_eq!(
        cluster.get_client().base_url(),
        cluster.client_of_task(task).base_url()
    );
    let mut spread = BTreeMap::new();
    for _ in 0..200 {
        let url = cluster.client_of_task(Uuid::now_v7()).base_url().to_owned();
        *spread.entry(url).or_insert(0) += 1;
    }
    assert_eq!(spread.len(), 3, "{spread:?}");
}

#[tokio::test]
async fn first_healthy_falls_back_to_the_first_when_none_answers() {
    let cluster = cluster(LoadBalancingStrategy::FirstHealthy).await;

    let client = cluster.get_client();

    assert_eq!(client.base_url(), cluster.client(0).unwrap().base_url());
}

#[tokio::test]
async fn servers_that_never_get_ready_are_all_named_when_the_time_is_up() {
    let cluster = cluster(LoadBalancingStrategy::RoundRobin).await;
    let begun = Instant::now();

    let error = cluster
        .wait_for_healthy(Duration::from_millis(300))
        .await
        .unwrap_err();

    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let error = format!("{error:#}");
    for client in cluster.all_clients() {
        assert!(error.contains(client.base_url()), "{error}");
    }
    assert!(error.contains("./dev status"), "{error}");
}

#[tokio::test]
async fn a_cluster_without_addresses_says_what_to_do() {
    let error = OrchestrationCluster::new(ClusterConfig::default())
        .await
        .unwrap_err();

    assert!(error.to_string().contains("./dev up --wait"), "{error}");
}
