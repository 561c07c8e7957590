//! Results that workers of this boot have stored.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::{Expected, unseen};
use crate::evidence::{Sign, Subscriptions, Unseen, WorkDone};

/// A result is dated by the begin of its transaction, and seen when that has ended: so far to look back.
const TRANSACTION: TimeDelta = TimeDelta::minutes(1);

/// The moment by the database's clock.
///
/// # Errors
/// The query that failed.
pub async fn clock(pool: &PgPool) -> Result<DateTime<Utc>, Unseen> {
    let (now,) = sqlx::query_as("SELECT clock_timestamp()")
        .fetch_one(pool)
        .await
        .map_err(unseen("the server's clock"))?;
    Ok(now)
}

/// Adds who of the expected has stored results in its whole boot. Once a look is enough: that grows with the history.
///
/// # Errors
/// The query that failed.
pub async fn add_all(
    pool: &PgPool,
    expected: &Expected,
    seen: &mut Subscriptions,
) -> Result<(), Unseen> {
    add_since(pool, expected, seen, DateTime::UNIX_EPOCH).await
}

/// Adds who of the expected has stored results in this look.
///
/// # Errors
/// The query that failed.
pub async fn add_new(
    pool: &PgPool,
    expected: &Expected,
    seen: &mut Subscriptions,
) -> Result<(), Unseen> {
    let since = seen.began - TRANSACTION;
    add_since(pool, expected, seen, since).await
}

async fn add_since(
    pool: &PgPool,
    expected: &Expected,
    seen: &mut Subscriptions,
    since: DateTime<Utc>,
) -> Result<(), Unseen> {
    let uuids: Vec<uuid::Uuid> = expected
        .workers
        .keys()
        .filter_map(|worker| worker.parse().ok())
        .collect();
    let rows: Vec<(uuid::Uuid, String, i64, NaiveDateTime)> = sqlx::query_as(
        "SELECT audit.worker_uuid, namespace.name, count(*), max(audit.recorded_at) \
         FROM tasker.workflow_step_result_audit audit \
         JOIN tasker.tasks task USING (task_uuid) \
         JOIN tasker.named_tasks named USING (named_task_uuid) \
         JOIN tasker.task_namespaces namespace USING (task_namespace_uuid) \
         WHERE audit.worker_uuid = ANY($1) AND audit.recorded_at >= $2 \
         GROUP BY 1, 2",
    )
    .bind(uuids)
    .bind(since.naive_utc())
    .fetch_all(pool)
    .await
    .map_err(unseen("the audit of results"))?;
    for (worker, namespace, steps, last) in rows {
        let Some(instance) = expected.workers.get(&worker.to_string()) else {
            continue;
        };
        if last.and_utc() >= seen.began {
            seen.alive.entry(instance.clone()).or_insert(Sign::Worked);
        }
        add(
            &mut seen.work,
            WorkDone {
                instance: instance.clone(),
                namespace,
                steps: u64::try_from(steps).unwrap_or(0),
            },
        );
    }
    Ok(())
}

/// A part of the boot never has more than the whole.
pub fn add(work: &mut Vec<WorkDone>, done: WorkDone) {
    let same =
        |it: &&mut WorkDone| (&it.instance, &it.namespace) == (&done.instance, &done.namespace);
    match work.iter_mut().find(same) {
        Some(known) => known.steps = known.steps.max(done.steps),
        None => work.push(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_is_seen_again_is_counted_once() {
        let done = |namespace: &str, steps| WorkDone {
            instance: "worker-rust-1".into(),
            namespace: namespace.into(),
            steps,
        };
        let mut work = vec![done("mail", 7)];

        add(&mut work, done("mail", 2));
        add(&mut work, done("parcel", 1));

        assert_eq!(work, [done("mail", 7), done("parcel", 1)]);
    }
}
