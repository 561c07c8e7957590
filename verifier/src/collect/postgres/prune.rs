//! Removes tasks that the verifier itself sent, with all that belongs to them.

use chrono::NaiveDateTime;
use sqlx::PgPool;
use uuid::Uuid;

use super::held::HeldAlone;
use super::{Databases, unseen};
use crate::collect::canary::AT_REST;
use crate::evidence::Unseen;

/// Tasks removed in one transaction: enough to be quick, too few to hold anybody up.
const AT_ONCE: i64 = 200;

/// Tables with rows of a task, children first: table, its column, and whether that names the task or one of its steps.
const OF_TASK: [(&str, &str, bool); 7] = [
    ("workflow_step_result_audit", "task_uuid", true),
    ("workflow_step_transitions", "workflow_step_uuid", false),
    ("workflow_step_edges", "from_step_uuid", false),
    ("workflow_steps", "task_uuid", true),
    ("task_transitions", "task_uuid", true),
    ("tasks_dlq", "task_uuid", true),
    ("tasks", "task_uuid", true),
];

/// Why tasks were sent, as their tags say, that only a check sends.
const OF_CHECKS: [&str; 3] = ["canary", "twin", "cancel"];

/// The engine's queues.
const QUEUES: &str = r"SELECT queue_name FROM pgmq.meta WHERE queue_name LIKE 'worker\_%\_queue'
    OR queue_name LIKE '%\_domain\_events' OR queue_name LIKE 'orchestration\_%'";

/// Which of the verifier's tasks to remove.
#[derive(Debug, Clone, Copy)]
pub enum Chosen<'a> {
    /// Those of checks and of runs.
    All,
    /// Those that checks sent, without those of which something is named here: a task, a step or a correlation id.
    OfChecks { named: &'a [Uuid] },
}

/// What was removed, and what was left because it may be a trace of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Tasks that were at rest and are gone.
    pub tasks: u64,
    /// Messages about them, in queues and in their archives.
    pub messages: u64,
    /// Tasks of the verifier that are not at rest.
    pub left: Vec<Uuid>,
}

/// Removes the chosen tasks that were created before so many seconds and are at rest.
///
/// # Errors
/// The query that failed; what was removed before it stays removed.
pub async fn prune(
    databases: &Databases,
    _alone: &HeldAlone,
    chosen: Chosen<'_>,
    older_than_seconds: u64,
) -> Result<Pruned, Unseen> {
    let what = "the tasks of earlier checks";
    let mut pruned = Pruned::default();
    loop {
        let tasks = of_ours(databases, chosen, older_than_seconds, true).await;
        let tasks = tasks.map_err(unseen(what))?;
        if tasks.is_empty() {
            break;
        }
        let since = tasks.iter().map(|(_, created)| *created).min();
        let tasks: Vec<Uuid> = tasks.into_iter().map(|(task, _)| task).collect();
        let steps = steps_of(databases, &tasks).await.map_err(unseen(what))?;
        // The messages first: one whose step is gone would be a riddle for whoever takes it.
        let messages = remove_messages(&databases.queues, &tasks, &steps, since).await;
        pruned.messages += messages.map_err(unseen(what))?;
        let removed = remove_tasks(databases, &tasks, &steps).await;
        pruned.tasks += removed.map_err(unseen(what))?;
    }
    let left = of_ours(databases, chosen, older_than_seconds, false).await;
    let left = left.map_err(unseen(what))?;
    pruned.left = left.into_iter().map(|(task, _)| task).collect();
    Ok(pruned)
}

/// Whether checks sent tasks before so many seconds that are at rest; not if nobody could say.
pub async fn has_canaries(databases: &Databases, older_than_seconds: u64) -> bool {
    let chosen = Chosen::OfChecks { named: &[] };
    let old = of_ours(databases, chosen, older_than_seconds, true).await;
    old.is_ok_and(|old| !old.is_empty())
}

/// Tasks, and when they were created.
async fn of_ours(
    pool: &PgPool,
    chosen: Chosen<'_>,
    older_than_seconds: u64,
    at_rest: bool,
) -> sqlx::Result<Vec<(Uuid, NaiveDateTime)>> {
    let (tags, named): (&[&str], &[Uuid]) = match chosen {
        Chosen::All => (&["cluster-verify"], &[]),
        Chosen::OfChecks { named } => (&OF_CHECKS, named),
    };
    let query = "SELECT task.task_uuid, task.created_at FROM tasker.tasks task \
                 JOIN tasker.task_transitions present ON present.task_uuid = task.task_uuid AND present.most_recent \
                 WHERE task.source_system = 'cluster-verify' AND task.tags ? 'cluster-verify' AND task.tags ?| $5 \
                   AND task.created_at <= timezone('utc', now()) - make_interval(secs => $1) \
                   AND (present.to_state = ANY($2)) = $3 \
                   AND task.task_uuid <> ALL($6) AND task.correlation_id <> ALL($6) \
                   AND NOT EXISTS (SELECT FROM tasker.workflow_steps step \
                                   WHERE step.task_uuid = task.task_uuid AND step.workflow_step_uuid = ANY($6)) \
                 ORDER BY task.task_uuid LIMIT $4";
    sqlx::query_as(query)
        .bind(older_than_seconds as f64)
        .bind(AT_REST.map(str::to_owned))
        .bind(at_rest)
        .bind(AT_ONCE)
        .bind(tags)
        .bind(named)
        .fetch_all(pool)
        .await
}

async fn steps_of(pool: &PgPool, tasks: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT workflow_step_uuid FROM tasker.workflow_steps WHERE task_uuid = ANY($1)",
    )
    .bind(tasks)
    .fetch_all(pool)
    .await
}

/// What queues and archives hold of these tasks, of which the first was created then.
async fn remove_messages(
    queues: &PgPool,
    tasks: &[Uuid],
    steps: &[Uuid],
    since: Option<NaiveDateTime>,
) -> sqlx::Result<u64> {
    let names: Vec<String> = sqlx::query_scalar(QUEUES).fetch_all(queues).await?;
    let texts = |uuids: &[Uuid]| uuids.iter().map(Uuid::to_string).collect::<Vec<_>>();
    let (tasks, steps) = (texts(tasks), texts(steps));
    let mut removed = 0;
    for name in names {
        let name = name.replace('"', "\"\"");
        // Archives only grow, and have an index of when: an hour for clocks that differ.
        let archived = "archived_at >= timezone('utc', $3::timestamp) - interval '1 hour'";
        for (table, when) in [("q", "$3::timestamp IS NOT NULL"), ("a", archived)] {
            let query = format!(
                "DELETE FROM pgmq.\"{table}_{name}\" WHERE {when} AND (message->>'step_uuid' = ANY($1) \
                 OR message->>'task_uuid' = ANY($2) OR message->'metadata'->>'task_uuid' = ANY($2))"
            );
            let query = sqlx::query(&query).bind(&steps).bind(&tasks).bind(since);
            removed += query.execute(queues).await?.rows_affected();
        }
    }
    Ok(removed)
}

async fn remove_tasks(pool: &PgPool, tasks: &[Uuid], steps: &[Uuid]) -> sqlx::Result<u64> {
    let mut transaction = pool.begin().await?;
    let mut removed = 0;
    for (table, column, is_task) in OF_TASK {
        let query = format!("DELETE FROM tasker.{table} WHERE {column} = ANY($1)");
        let of = if is_task { tasks } else { steps };
        let done = sqlx::query(&query).bind(of);
        removed = done.execute(&mut *transaction).await?.rows_affected();
    }
    transaction.commit().await?;
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::own_postgres::Postgres;
    use crate::collect::postgres::connect_to;

    const DAY: u64 = 24 * 3600;

    /// A task's uuid and its step's.
    fn uuids(number: u128) -> (Uuid, Uuid) {
        (Uuid::from_u128(number), Uuid::from_u128(number << 64))
    }

    fn add(server: &Postgres, number: u128, reason: &str, hours: u32) -> Uuid {
        let (task, step) = uuids(number);
        server.ask(&format!(
            "SELECT a_task('{task}', '{step}', '{reason}', {hours})"
        ));
        task
    }

    /// The last digits of those that are there.
    fn tasks(server: &Postgres) -> String {
        server.ask(
            "SELECT string_agg(right(task_uuid::text, 1), '' ORDER BY task_uuid) FROM tasker.tasks",
        )
    }

    #[tokio::test]
    async fn of_themselves_checks_remove_only_canaries_of_earlier_days_that_nothing_is_said_of() {
        let server = Postgres::start();
        for (number, reason, hours) in [
            (1, "canary", 25),
            (2, "twin", 25),
            (3, "cancel", 25),
            (4, "run", 25),
            (5, "canary", 23),
            (6, "canary", 25),
            (7, "canary", 25),
            (8, "canary", 25),
        ] {
            add(&server, number, reason, hours);
        }
        let correlation =
            server.ask("SELECT correlation_id FROM tasker.tasks WHERE task_uuid::text LIKE '%8'");
        let named = [uuids(6).0, uuids(7).1, correlation.parse().unwrap()];
        let databases = connect_to(&server.url, None).await.unwrap();
        let alone = databases.hold_alone().await.unwrap().unwrap();

        let of_checks = Chosen::OfChecks { named: &named };
        let pruned = prune(&databases, &alone, of_checks, DAY).await.unwrap();

        assert_eq!((pruned.tasks, tasks(&server).as_str()), (3, "45678"));
        let pruned = prune(&databases, &alone, Chosen::All, 0).await.unwrap();
        assert_eq!((pruned.tasks, tasks(&server).as_str()), (5, ""));
        databases.close().await;
    }

    #[tokio::test]
    async fn what_is_removed_leaves_no_message_in_the_engines_queues_and_archives() {
        let server = Postgres::start();
        let (gone, stays) = (add(&server, 1, "canary", 25), add(&server, 2, "canary", 1));
        server.ask("UPDATE tasker.task_transitions SET to_state = 'waiting_for_dependencies' WHERE task_uuid::text LIKE '%2'");
        let messages = |task: Uuid| server.ask(&format!("SELECT messages('{task}')"));
        assert_eq!(
            (messages(gone).as_str(), messages(stays).as_str()),
            ("4", "4")
        );
        let databases = connect_to(&server.url, None).await.unwrap();
        let alone = databases.hold_alone().await.unwrap().unwrap();

        let pruned = prune(&databases, &alone, Chosen::All, 0).await.unwrap();

        // One lies in a queue that is not the engine's, and one names the step alone.
        assert_eq!(
            (messages(gone).as_str(), messages(stays).as_str()),
            ("1", "4")
        );
        assert_eq!(
            (pruned.tasks, pruned.messages, pruned.left),
            (1, 4, vec![stays])
        );
        databases.close().await;
    }

    #[tokio::test]
    async fn nobody_removes_tasks_that_somebody_looks_at() {
        let server = Postgres::start();
        let databases = connect_to(&server.url, None).await.unwrap();
        let hold = async || databases.hold().await.unwrap();
        let (one, other) = (hold().await, hold().await);

        assert!(databases.hold_alone().await.unwrap().is_none());
        assert!(one.alone().await.unwrap().is_none());
        // What that one held it holds no more, once the server has noticed.
        let begun = std::time::Instant::now();
        while server.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") != "1" {
            assert!(begun.elapsed().as_secs() < 20, "the lock is still held");
        }
        let alone = other.alone().await.unwrap().unwrap();
        assert!(databases.hold_alone().await.unwrap().is_none());
        let waiting = tokio::spawn({
            let databases = databases.clone();
            async move { databases.hold().await.map(drop) }
        });
        alone.release().await;

        waiting.await.unwrap().unwrap();
        assert!(databases.hold_alone().await.unwrap().is_some());
        databases.close().await;
    }
}
