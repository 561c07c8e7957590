//! Who takes from which queue: the locks of polling transactions, LISTEN, and work done.
//!
//! A worker visits its namespaces in turn, about five seconds each while they are
//! empty, and only holds a lock on the queue's table during its visit.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::expected::VISIT;
use super::work::{add_all, add_new, clock};
use super::{Databases, Expected, unseen};
use crate::collect::progress::{Progress, few};
use crate::evidence::{Listen, Poll, Sign, Subscriptions, Unseen};

const SAMPLE: Duration = Duration::from_millis(40);
/// While tasks are at work of which everybody is told: each of their messages is read within milliseconds.
const DENSE: Duration = Duration::from_millis(5);
const COUNT_WORK: Duration = Duration::from_millis(500);
/// A poll that is older has hung: its lock says nothing of now.
const LONGEST_POLL: Duration = VISIT.saturating_mul(2);

/// Looks until every expected subscription is proven, and everybody was seen to take from a queue now, or until that
/// would have shown in a healthy cluster.
///
/// # Errors
/// The query that failed.
pub async fn sample(
    databases: &Databases,
    expected: &Expected,
    progress: &Progress,
) -> Result<Subscriptions, Unseen> {
    let begun = Instant::now();
    let line = progress.beside();
    let mut seen = Subscriptions {
        polls: expected.seen.clone(),
        work: expected.worked.clone(),
        began: clock(databases).await?,
        ..Subscriptions::default()
    };
    add_all(databases, expected, &mut seen).await?;
    let boots: (Vec<&String>, Vec<&DateTime<Utc>>) = expected.began.iter().unzip();
    let mut counted = Instant::now();
    loop {
        add_polls(&databases.queues, &boots, &mut seen).await?;
        if counted.elapsed() >= COUNT_WORK {
            add_new(databases, expected, &mut seen).await?;
            counted = Instant::now();
        }
        let patience = expected.patience(&seen);
        if begun.elapsed() >= patience {
            break;
        }
        line.say(format!(
            "subscriptions: {} of {} proven, not yet {}, at most {} s more",
            expected.total() - expected.missing(&seen).len(),
            expected.total(),
            few(expected.waited_for(&seen)),
            patience.saturating_sub(begun.elapsed()).as_secs()
        ));
        tokio::time::sleep(SAMPLE).await;
    }
    seen.listens = listens(databases).await?;
    seen.cycle_ms = u64::try_from(expected.cycle().as_millis()).unwrap_or(u64::MAX);
    seen.window_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(seen)
}

/// Looks for as long as `work` lasts, so often that whoever only reads the messages it is told of shows too, and
/// returns what that came to.
///
/// # Errors
/// The query that failed.
pub async fn sample_beside<T>(
    pool: &PgPool,
    expected: &Expected,
    seen: &mut Subscriptions,
    work: impl Future<Output = T>,
) -> Result<T, Unseen> {
    let boots: (Vec<&String>, Vec<&DateTime<Utc>>) = expected.began.iter().unzip();
    let (done, ended) = tokio::sync::oneshot::channel();
    let work = async {
        let came_to = work.await;
        // Nobody waits for it when a query failed.
        let _ = done.send(());
        came_to
    };
    let looks = async {
        let mut ended = ended;
        loop {
            add_polls(pool, &boots, seen).await?;
            if tokio::time::timeout(DENSE, &mut ended).await.is_ok() {
                return Ok(());
            }
        }
    };
    let (came_to, looked) = futures::join!(work, looks);
    looked.map(|()| came_to)
}

async fn add_polls(
    pool: &PgPool,
    (instances, began): &(Vec<&String>, Vec<&DateTime<Utc>>),
    seen: &mut Subscriptions,
) -> Result<(), Unseen> {
    // The statement tells a poll from the creation of the queue, which locks it too.
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT activity.application_name, class.relname::text, \
                bool_or(activity.state = 'active' AND \
                        activity.query_start > clock_timestamp() - $1 * interval '1 second') \
         FROM pg_locks lock \
         JOIN pg_class class ON class.oid = lock.relation \
         JOIN pg_stat_activity activity ON activity.pid = lock.pid \
         LEFT JOIN unnest($2::text[], $3::timestamptz[]) AS boot (instance, began) \
           ON boot.instance = activity.application_name \
         WHERE lock.locktype = 'relation' AND lock.granted \
           AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
           AND class.relnamespace = 'pgmq'::regnamespace \
           AND class.relname LIKE 'q\\_worker\\_%\\_queue' \
           AND lock.mode IN ('RowShareLock', 'RowExclusiveLock') \
           AND activity.query ILIKE ANY (ARRAY['%pgmq.read%', '%pgmq\\_read\\_specific\\_message%']) \
           AND (boot.began IS NULL OR activity.backend_start >= boot.began) \
         GROUP BY 1, 2",
    )
    .bind(LONGEST_POLL.as_secs_f64())
    .bind(instances)
    .bind(began)
    .fetch_all(pool)
    .await
    .map_err(unseen("the locks on the queues"))?;
    for (instance, table, is_fresh) in rows {
        if is_fresh {
            seen.alive.insert(instance.clone(), Sign::Polled);
        }
        let namespace = table
            .strip_prefix("q_worker_")
            .and_then(|rest| rest.strip_suffix("_queue"));
        let Some(namespace) = namespace else { continue };
        let known = seen
            .polls
            .iter()
            .any(|poll| poll.instance == instance && poll.namespace == namespace);
        if !known {
            let namespace = namespace.to_owned();
            seen.polls.push(Poll {
                instance,
                namespace,
                first_seen: Utc::now(),
            });
        }
    }
    Ok(())
}

async fn listens(pool: &PgPool) -> Result<Vec<Listen>, Unseen> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT application_name, query FROM pg_stat_activity WHERE query ILIKE 'LISTEN %'",
    )
    .fetch_all(pool)
    .await
    .map_err(unseen("the listeners"))?;
    Ok(rows
        .iter()
        .flat_map(|(instance, query)| {
            channels(query).map(|channel| Listen {
                instance: instance.clone(),
                channel: channel.to_owned(),
            })
        })
        .collect())
}

/// A listener that reconnected has all its channels in one statement, else one.
fn channels(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(';')
        .filter_map(|statement| statement.trim().split_once(char::is_whitespace))
        .map(|(_, channel)| channel.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_may_name_several_channels() {
        let one: Vec<&str> = channels("LISTEN \"pgmq_message_ready.mail\"").collect();
        assert_eq!(one, ["pgmq_message_ready.mail"]);

        let two: Vec<&str> = channels("LISTEN \"a.b\";LISTEN \"c\"").collect();
        assert_eq!(two, ["a.b", "c"]);
    }
}
