//! Histories that were tampered with: each rule fires on a real task whose rows were changed.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Executor};

use crate::cluster::Cluster;

/// Runs statements against the cluster's database, each in the order given.
pub fn execute(cluster: &Cluster, statements: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connection = connect(cluster).await;
        for statement in statements {
            connection.execute(*statement).await.unwrap();
        }
    });
}

pub async fn connect(cluster: &Cluster) -> PgConnection {
    connect_as(cluster, "live-test").await
}

/// A session under an instance's name.
pub async fn connect_as(cluster: &Cluster, name: &str) -> PgConnection {
    let password = std::fs::read_to_string(cluster.state().join("database.password")).unwrap();
    let database = &cluster.topology.database;
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(database.port)
        .username(&database.role)
        .password(password.trim())
        .database(&database.name)
        .application_name(name)
        .connect()
        .await
        .unwrap()
}

/// Makes a table of the transitions of one finished task, which nothing is wrong with yet, so that
/// they can be put back.
const KEEP: &str = "CREATE TABLE public.kept AS \
    SELECT * FROM tasker.task_transitions WHERE task_uuid = ( \
        SELECT task_uuid FROM ( \
            SELECT task_uuid, from_state, to_state, \
                   lag(to_state) OVER (PARTITION BY task_uuid ORDER BY sort_key) AS before \
            FROM tasker.task_transitions) AS transition \
        GROUP BY task_uuid \
        HAVING bool_or(to_state = 'complete') \
           AND bool_and(from_state IS NOT DISTINCT FROM before) \
        ORDER BY task_uuid LIMIT 1)";
const PUT_BACK: [&str; 3] = [
    "DELETE FROM tasker.task_transitions WHERE task_uuid IN (SELECT task_uuid FROM public.kept)",
    "INSERT INTO tasker.task_transitions SELECT * FROM public.kept",
    "DROP TABLE public.kept",
];

fn strict_codes(cluster: &Cluster, tamper: &str) -> (Vec<String>, Vec<String>) {
    let before = subjects(cluster);
    execute(cluster, &[KEEP, tamper]);
    let after = subjects(cluster);
    execute(cluster, &PUT_BACK);
    (before, after)
}

/// Every history finding as `CODE count`.
fn subjects(cluster: &Cluster) -> Vec<String> {
    let verdict = cluster.check(&["--quick", "--only", "6", "--strict"]);
    verdict
        .checks()
        .map(|check| {
            let findings = check["outcome"]["findings"].as_array().map_or(0, Vec::len);
            format!("{} {findings}", check["code"].as_str().unwrap_or_default())
        })
        .collect()
}

fn grew(before: &[String], after: &[String]) -> Vec<String> {
    before
        .iter()
        .zip(after)
        .filter(|(before, after)| before != after)
        .filter_map(|(_, after)| after.split(' ').next().map(str::to_owned))
        .collect()
}

#[test]
fn an_edge_that_the_engine_does_not_have_is_found() {
    let cluster = Cluster::take();
    cluster.check(&[]);

    let (before, after) = strict_codes(
        &cluster,
        "UPDATE tasker.task_transitions SET from_state = 'waiting_for_retry' \
         WHERE task_uuid IN (SELECT task_uuid FROM public.kept) AND to_state = 'initializing'",
    );

    assert_eq!(grew(&before, &after), ["CV601", "CV603"]);
}
