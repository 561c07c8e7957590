//! The cluster's database, and a history in it that was tampered with: rules fire on a real task whose rows were changed.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::cluster::Cluster;
use crate::tampered::shows;

/// Runs statements against the cluster's database, each in the order given.
pub fn execute(cluster: &Cluster, statements: &[&str]) {
    try_to_execute(cluster, statements).unwrap();
}

pub fn try_to_execute(cluster: &Cluster, statements: &[&str]) -> sqlx::Result<()> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connection = connect(cluster).await;
        for statement in statements {
            connection.execute(*statement).await?;
        }
        connection.close().await
    })
}

/// One number.
pub fn count(cluster: &Cluster, query: &str) -> i64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let count = async {
        let mut connection = connect(cluster).await;
        sqlx::query_scalar(query).fetch_one(&mut connection).await
    };
    runtime.block_on(count).unwrap()
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
const PUT_BACK: &str = "\
    DELETE FROM tasker.task_transitions WHERE task_uuid IN (SELECT task_uuid FROM public.kept); \
    INSERT INTO tasker.task_transitions SELECT * FROM public.kept; \
    DROP TABLE public.kept";

#[test]
fn an_edge_that_the_engine_does_not_have_is_found() {
    Cluster::take().check(&["--only", "501"]);

    shows(
        "6",
        &format!(
            "{KEEP}; UPDATE tasker.task_transitions SET from_state = 'waiting_for_retry' \
             WHERE task_uuid IN (SELECT task_uuid FROM public.kept) AND to_state = 'initializing'"
        ),
        PUT_BACK,
        &["CV601", "CV603"],
    );
}
