//! A history of thousands of tasks, made up and loaded into a database beside the cluster's.

use std::process::Command;

use cluster_verify::collect::postgres::{self, Tasks};
use cluster_verify::collect::progress::Progress;
use cluster_verify::evidence::HistoryView;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::cluster::Cluster;
use crate::fault::Repair;
use crate::history::execute;
use crate::synthetic::{found, load};

const DATABASE: &str = "verify_made_up";
const TRANSITIONS: u64 = 60_000;

async fn pool(cluster: &Cluster, database: &str) -> PgPool {
    let password = std::fs::read_to_string(cluster.state().join("database.password")).unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(cluster.topology.database.port)
        .username(&cluster.topology.database.role)
        .password(password.trim())
        .database(database)
        .application_name("cluster-verify")
        .options([("session_replication_role", "replica")]);
    let pool = PgPoolOptions::new().max_connections(4);
    pool.connect_with(options).await.unwrap()
}

#[test]
fn each_seeded_fault_of_a_large_history_is_found_and_none_is_invented() {
    let cluster = Cluster::take();
    let remove = format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)");
    // A run that was killed may have left it.
    execute(&cluster, &[&remove]);
    let _repair = Repair(|| execute(&cluster, &[&remove]));
    let prepared = Command::new(cluster.state().join("bin/cluster-database"))
        .arg("prepare")
        .env("TASKER_CLUSTER_STATE", cluster.state())
        .env(
            "TASKER_POSTGRES_PORT",
            cluster.topology.database.port.to_string(),
        )
        .env("TASKER_POSTGRES_DATABASE", DATABASE)
        .status()
        .unwrap();
    assert!(prepared.success());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (expected, all, one, recent) = runtime.block_on(async {
        let made_up = pool(&cluster, DATABASE).await;
        let expected = load(&made_up, TRANSITIONS).await.unwrap();
        let all = postgres::history(&made_up, None, &Progress::hidden())
            .await
            .unwrap();
        let suspect = all.suspects[0].task;
        let mut one = Vec::new();
        postgres::histories(&made_up, Tasks::These(&[suspect]), |task| one.push(task))
            .await
            .unwrap();
        // They were created in the past, by the model's clock.
        let recent = postgres::history(&made_up, Some(3600), &Progress::hidden())
            .await
            .unwrap();
        made_up.close().await;
        (expected, all, one, recent)
    });

    assert!(expected.counts.len() > 15, "{:?}", expected.counts);
    assert_eq!(found(&all), found(&expected));
    assert_eq!(
        (all.tasks, all.steps, all.transitions, all.open_tasks),
        (
            expected.tasks,
            expected.steps,
            expected.transitions,
            expected.open_tasks
        )
    );
    assert_eq!(all.workers, expected.workers);
    let uuids = |view: &HistoryView| {
        view.suspects
            .iter()
            .map(|task| task.task)
            .collect::<Vec<_>>()
    };
    assert_eq!(uuids(&all), uuids(&expected));
    assert!(one == all.suspects[..1]);
    assert_eq!(recent.tasks, 0);
}
