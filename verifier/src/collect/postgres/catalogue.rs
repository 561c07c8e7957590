//! Server, extension, migrations, sessions and queues.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

use super::{Databases, messages, unseen};
use crate::evidence::{DatabaseView, Migration, Queue, Session, Unseen};

/// # Errors
/// The query that failed.
pub async fn collect(databases: &Databases) -> Result<DatabaseView, Unseen> {
    let pool: &PgPool = databases;
    let (version_num, max_connections): (i32, i32) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, current_setting('max_connections')::int",
    )
    .fetch_one(pool)
    .await
    .map_err(unseen("the server's settings"))?;
    let pgmq: Option<(String,)> =
        sqlx::query_as("SELECT extversion FROM pg_extension WHERE extname = 'pgmq'")
            .fetch_optional(&databases.queues)
            .await
            .map_err(unseen("the extension pgmq"))?;
    let pgmq = pgmq.map(|(version,)| version);
    let (clock_ahead_ms, clock_error_ms) = clock(pool).await?;
    let mut queues = if pgmq.is_some() {
        queues(&databases.queues).await?
    } else {
        Vec::new()
    };
    let server = sqlx::query(
        "SELECT current_user::text AS role, current_schemas(false)::text[] AS schemas, \
                sum(deadlocks)::bigint AS deadlocks, min(stats_reset) AS counted_since, \
                pg_notification_queue_usage() AS notify_usage \
         FROM pg_stat_database WHERE datname = ANY($1)",
    )
    .bind(&databases.names)
    .fetch_one(pool)
    .await
    .map_err(unseen("the server's counters"))?;
    Ok(DatabaseView {
        clock_ahead_ms,
        clock_error_ms,
        version_num,
        max_connections,
        migrations: all_migrations(databases).await?,
        sessions: sessions(databases).await?,
        zombies: messages::zombies(databases, &mut queues).await.into(),
        misplaced_queues: misplaced(databases).await?,
        dead_tasks: messages::dead_tasks(pool).await.into(),
        queues,
        pgmq,
        role: server.get("role"),
        schemas: server.get("schemas"),
        deadlocks: server.get("deadlocks"),
        counted_since: server.get("counted_since"),
        notify_usage: server.get("notify_usage"),
    })
}

/// The server's clock minus ours, and half of the time that the question took.
async fn clock(pool: &PgPool) -> Result<(i64, i64), Unseen> {
    let asked = Utc::now();
    let (theirs,): (DateTime<Utc>,) = sqlx::query_as("SELECT clock_timestamp()")
        .fetch_one(pool)
        .await
        .map_err(unseen("the server's clock"))?;
    let half = (Utc::now() - asked) / 2;
    Ok((
        (theirs - (asked + half)).num_milliseconds(),
        half.num_milliseconds(),
    ))
}

/// Each database has those for what it holds.
async fn all_migrations(databases: &Databases) -> Result<Vec<Migration>, Unseen> {
    let mut all = migrations(databases).await?;
    if databases.is_split() {
        all.extend(migrations(&databases.queues).await?);
        all.sort_by_key(|migration| migration.version);
    }
    Ok(all)
}

/// Queues in the tasks' database, although the queues have one of their own.
async fn misplaced(databases: &Databases) -> Result<Vec<String>, Unseen> {
    if !databases.is_split() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT substr(tablename, 3) FROM pg_tables \
         WHERE schemaname = 'pgmq' AND tablename LIKE 'q\\_%' ORDER BY 1",
    )
    .fetch_all(&**databases)
    .await
    .map_err(unseen("queues in the tasks' database"))?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The queues from which workers take steps.
///
/// # Errors
/// The query that failed.
pub async fn queues_of_workers(queues: &PgPool) -> Result<Vec<String>, Unseen> {
    let query = r"SELECT queue_name FROM pgmq.meta WHERE queue_name LIKE 'worker\_%\_queue'";
    let names = sqlx::query_scalar(query).fetch_all(queues).await;
    names.map_err(unseen("the list of the workers' queues"))
}

async fn migrations(pool: &PgPool) -> Result<Vec<Migration>, Unseen> {
    let what = "the migrations";
    // sqlx keeps its table in whichever schema came first on the search path.
    let schema: Option<(String,)> = sqlx::query_as(
        "SELECT quote_ident(schemaname) FROM pg_tables WHERE tablename = '_sqlx_migrations' LIMIT 1",
    )
    .fetch_optional(pool)
    .await
    .map_err(unseen(what))?;
    let Some((schema,)) = schema else {
        return Ok(Vec::new());
    };
    let query =
        format!("SELECT version, description, success FROM {schema}._sqlx_migrations ORDER BY 1");
    let rows: Vec<(i64, String, bool)> = sqlx::query_as(&query)
        .fetch_all(pool)
        .await
        .map_err(unseen(what))?;
    Ok(rows
        .into_iter()
        .map(|(version, description, success)| Migration {
            version,
            description,
            success,
        })
        .collect())
}

async fn sessions(databases: &Databases) -> Result<Vec<Session>, Unseen> {
    let rows = sqlx::query(
        "SELECT pid, application_name, state, \
                extract(epoch FROM now() - state_change)::bigint AS seconds, \
                coalesce(wait_event_type = 'Lock', false) AS waiting \
         FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() \
           AND datname = ANY($1) AND application_name <> 'cluster-verify'",
    )
    .bind(&databases.names)
    .fetch_all(&**databases)
    .await
    .map_err(unseen("the sessions"))?;
    Ok(rows
        .into_iter()
        .map(|row| Session {
            pid: row.get("pid"),
            application: row.get("application_name"),
            state: row.get("state"),
            state_seconds: row.get("seconds"),
            waiting_for_lock: row.get("waiting"),
        })
        .collect())
}

async fn queues(pool: &PgPool) -> Result<Vec<Queue>, Unseen> {
    let what = "the queues";
    let names: Vec<(String,)> = sqlx::query_as("SELECT queue_name FROM pgmq.meta ORDER BY 1")
        .fetch_all(pool)
        .await
        .map_err(unseen(what))?;
    let mut queues = Vec::new();
    for (name,) in names {
        // A queue's name is part of its table's name: quoted, never pasted in bare.
        let table = format!("\"q_{}\"", name.replace('"', "\"\""));
        let query = format!(
            "SELECT count(*), count(*) FILTER (WHERE vt <= clock_timestamp()), \
                    extract(epoch FROM now() - min(enqueued_at) \
                        FILTER (WHERE vt <= clock_timestamp()))::bigint, \
                    extract(epoch FROM now() - min(enqueued_at) \
                        FILTER (WHERE vt <= clock_timestamp() AND read_ct = 0))::bigint, \
                    coalesce(max(read_ct), 0) \
             FROM pgmq.{table}"
        );
        let (messages, visible, oldest_visible_seconds, oldest_unread_seconds, max_read_count) =
            sqlx::query_as(&query)
                .fetch_one(pool)
                .await
                .map_err(unseen(what))?;
        queues.push(Queue {
            name,
            messages,
            visible,
            oldest_visible_seconds,
            oldest_unread_seconds,
            max_read_count,
            passed_over: None,
        });
    }
    Ok(queues)
}
