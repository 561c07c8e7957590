//! `cluster-database prepare`, on a database of its own beside the cluster's: a second run changes nothing, and the way
//! to the profile `polling` and back ends where it began.

use std::process::Command;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::cluster::Cluster;
use crate::fault::Repair;

const DATABASE: &str = "live_test_prepared";
const READ: &str = "SELECT pg_get_functiondef(\
    'pgmq.read_with_poll(text, integer, integer, integer, integer, jsonb)'::regprocedure)";
/// All that has an identity of its own in the catalogue, with the transaction that wrote it, and the migrations.
const EVERYTHING: &str = "\
    SELECT string_agg(thing, E'\\n' ORDER BY thing) FROM ( \
        SELECT format('function %s %s', oid::regprocedure, xmin) AS thing FROM pg_proc \
        UNION ALL SELECT format('relation %s %s', oid::regclass, relkind) FROM pg_class \
            WHERE relnamespace NOT IN ('pg_toast'::regnamespace) AND NOT relispartition \
        UNION ALL SELECT format('type %s %s', oid::regtype, xmin) FROM pg_type WHERE typtype <> 'p' \
        UNION ALL SELECT format('extension %s %s', extname, xmin) FROM pg_extension \
        UNION ALL SELECT format('trigger %s %s', oid, xmin) FROM pg_trigger \
        UNION ALL SELECT format('migration %s %s', version, xmin) FROM _sqlx_migrations) AS things";

#[test]
fn a_second_run_changes_nothing_and_the_way_back_from_polling_is_complete() {
    let cluster = Cluster::take();
    drop_database(&cluster);
    let _repair = Repair(|| drop_database(&cluster));

    let first = prepare(&cluster, "stock");
    assert!(
        first.contains(DATABASE) && !first.contains("nothing to change"),
        "{first}"
    );
    let (everything, read) = (ask(&cluster, EVERYTHING), ask(&cluster, READ));

    assert_eq!(
        prepare(&cluster, "stock"),
        format!("database {DATABASE}: nothing to change\n")
    );
    assert_eq!(ask(&cluster, EVERYTHING), everything);

    prepare(&cluster, "polling");
    assert!(ask(&cluster, READ).contains("profile polling"));
    assert_eq!(
        prepare(&cluster, "polling"),
        format!("database {DATABASE}: nothing to change\n")
    );

    prepare(&cluster, "stock");
    assert_eq!(ask(&cluster, READ), read);
}

fn prepare(cluster: &Cluster, profile: &str) -> String {
    let output = Command::new(cluster.state().join("bin/cluster-database"))
        .arg("prepare")
        .env("TASKER_CLUSTER_STATE", cluster.state())
        .env(
            "TASKER_POSTGRES_PORT",
            cluster.topology.database.port.to_string(),
        )
        .env("TASKER_POSTGRES_DATABASE", DATABASE)
        .env("TASKER_ENGINE_PROFILE", profile)
        .env_remove("PGMQ_DATABASE")
        .current_dir(&cluster.project.root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn ask(cluster: &Cluster, query: &str) -> String {
    runtime().block_on(async {
        let mut connection = connect(cluster, DATABASE).await;
        let answer = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        answer
    })
}

fn drop_database(cluster: &Cluster) {
    runtime().block_on(async {
        let mut connection = connect(cluster, "postgres").await;
        let drop = format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)");
        connection.execute(drop.as_str()).await.unwrap();
        connection.close().await.unwrap();
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

async fn connect(cluster: &Cluster, database: &str) -> PgConnection {
    let password = std::fs::read_to_string(cluster.state().join("database.password")).unwrap();
    let described = &cluster.topology.database;
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(described.port)
        .username(&described.role)
        .password(password.trim())
        .database(database)
        .application_name("live-test")
        .connect()
        .await
        .unwrap()
}
