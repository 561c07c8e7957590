//! Who takes from which queue: the locks of polling transactions, LISTEN, and work done.
//!
//! A worker visits its namespaces in turn, about five seconds each while they are
//! empty, and only holds a lock on the queue's table during its visit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::Utc;
use sqlx::PgPool;

use super::{Databases, unseen};
use crate::collect::progress::Progress;
use crate::evidence::{Listen, Poll, Subscriptions, Unseen, WorkDone};

/// One visit of a namespace on an empty queue (`pgmq.read_with_poll`'s own default).
const VISIT: Duration = Duration::from_secs(5);
const SAMPLE: Duration = Duration::from_millis(40);
const COUNT_WORK: Duration = Duration::from_millis(500);

/// What should be proven, and how workers of this boot are told apart.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Namespaces by worker instance.
    pub namespaces: BTreeMap<String, BTreeSet<String>>,
    /// Instance by the worker uuid of its present boot.
    pub workers: BTreeMap<String, String>,
    /// Polls that were seen before, of these very boots.
    pub seen: Vec<Poll>,
    /// Whether whoever does not show will be given work (`confirm`), so that no second round is needed.
    pub confirmed: bool,
}

impl Expected {
    /// How long a worker that only polls takes to come round to a namespace.
    pub fn cycle(&self) -> Duration {
        let most = self
            .namespaces
            .values()
            .map(BTreeSet::len)
            .max()
            .unwrap_or(0);
        VISIT * u32::try_from(most).unwrap_or(u32::MAX)
    }

    /// The longest that a healthy cluster needs to show every subscription.
    fn bound(&self) -> Duration {
        self.cycle() + VISIT / 2
    }

    /// How long to look, given what was seen so far.
    ///
    /// A visit to a queue with messages is over at once and may go unseen: whoever
    /// was seen at some of its queues gets a second round for the others.
    fn patience(&self, seen: &Subscriptions) -> Duration {
        let half_seen = |(instance, names): (&String, &BTreeSet<String>)| {
            let proven = names
                .iter()
                .filter(|name| seen.proven(instance, name))
                .count();
            proven > 0 && proven < names.len()
        };
        let again = !self.confirmed && self.namespaces.iter().any(half_seen);
        self.bound() * if again { 2 } else { 1 }
    }

    /// What was not seen yet: instance and namespace.
    pub fn missing<'a>(&'a self, seen: &Subscriptions) -> Vec<(&'a str, &'a str)> {
        self.namespaces
            .iter()
            .flat_map(|(instance, names)| names.iter().map(|name| (&**instance, &**name)))
            .filter(|(instance, namespace)| !seen.proven(instance, namespace))
            .collect()
    }

    fn total(&self) -> usize {
        self.namespaces.values().map(BTreeSet::len).sum()
    }
}

/// Looks until every expected subscription is proven or the poll cycle's bound has passed.
///
/// # Errors
/// The query that failed.
pub async fn sample(
    databases: &Databases,
    expected: &Expected,
    progress: &Progress,
) -> Result<Subscriptions, Unseen> {
    let begun = Instant::now();
    let mut seen = Subscriptions {
        polls: expected.seen.clone(),
        ..Subscriptions::default()
    };
    let mut counted: Option<Instant> = None;
    loop {
        add_polls(&databases.queues, &mut seen).await?;
        if counted.is_none_or(|at| at.elapsed() >= COUNT_WORK) {
            seen.work = work(databases, expected).await?;
            counted = Some(Instant::now());
        }
        let missing = expected.missing(&seen).len();
        let patience = expected.patience(&seen);
        if missing == 0 || begun.elapsed() >= patience {
            break;
        }
        progress.say(format!(
            "subscriptions: {} of {} proven, at most {} s more",
            expected.total() - missing,
            expected.total(),
            patience.saturating_sub(begun.elapsed()).as_secs()
        ));
        tokio::time::sleep(SAMPLE).await;
    }
    seen.listens = listens(databases).await?;
    seen.cycle_ms = u64::try_from(expected.cycle().as_millis()).unwrap_or(u64::MAX);
    seen.window_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(seen)
}

async fn add_polls(pool: &PgPool, seen: &mut Subscriptions) -> Result<(), Unseen> {
    // The statement tells a poll from the creation of the queue, which locks it too.
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT activity.application_name, class.relname::text \
         FROM pg_locks lock \
         JOIN pg_class class ON class.oid = lock.relation \
         JOIN pg_stat_activity activity ON activity.pid = lock.pid \
         WHERE lock.locktype = 'relation' AND lock.granted \
           AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
           AND class.relnamespace = 'pgmq'::regnamespace \
           AND class.relname LIKE 'q\\_worker\\_%\\_queue' \
           AND lock.mode IN ('RowShareLock', 'RowExclusiveLock') \
           AND activity.query ILIKE '%pgmq.read%'",
    )
    .fetch_all(pool)
    .await
    .map_err(unseen("the locks on the queues"))?;
    for (instance, table) in rows {
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

/// Who of the expected has stored results, in this boot.
///
/// # Errors
/// The query that failed.
pub async fn work(pool: &PgPool, expected: &Expected) -> Result<Vec<WorkDone>, Unseen> {
    let uuids: Vec<uuid::Uuid> = expected
        .workers
        .keys()
        .filter_map(|worker| worker.parse().ok())
        .collect();
    let rows: Vec<(uuid::Uuid, String, i64)> = sqlx::query_as(
        "SELECT audit.worker_uuid, namespace.name, count(*) \
         FROM tasker.workflow_step_result_audit audit \
         JOIN tasker.tasks task USING (task_uuid) \
         JOIN tasker.named_tasks named USING (named_task_uuid) \
         JOIN tasker.task_namespaces namespace USING (task_namespace_uuid) \
         WHERE audit.worker_uuid = ANY($1) \
         GROUP BY 1, 2",
    )
    .bind(uuids)
    .fetch_all(pool)
    .await
    .map_err(unseen("the audit of results"))?;
    Ok(rows
        .into_iter()
        .filter_map(|(worker, namespace, steps)| {
            let instance = expected.workers.get(&worker.to_string())?.clone();
            Some(WorkDone {
                instance,
                namespace,
                steps: u64::try_from(steps).unwrap_or(0),
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_seen_at_some_queues_gets_a_second_round() {
        let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect();
        let expected = Expected {
            namespaces: [("worker-rust-1".to_owned(), names(&["mail", "parcel"]))].into(),
            ..Expected::default()
        };
        let mut seen = Subscriptions::default();
        assert_eq!(expected.patience(&seen), expected.bound());

        seen.polls.push(Poll {
            instance: "worker-rust-1".into(),
            namespace: "mail".into(),
            first_seen: Utc::now(),
        });
        assert_eq!(expected.patience(&seen), expected.bound() * 2);
        assert_eq!(expected.missing(&seen), [("worker-rust-1", "parcel")]);

        let confirmed = Expected {
            confirmed: true,
            ..expected
        };
        assert_eq!(confirmed.patience(&seen), confirmed.bound());
    }

    #[test]
    fn one_statement_may_name_several_channels() {
        let one: Vec<&str> = channels("LISTEN \"pgmq_message_ready.mail\"").collect();
        assert_eq!(one, ["pgmq_message_ready.mail"]);

        let two: Vec<&str> = channels("LISTEN \"a.b\";LISTEN \"c\"").collect();
        assert_eq!(two, ["a.b", "c"]);
    }
}
