//! Cuts the tasks into spans that are read at a time.

use chrono::NaiveDateTime;
use sqlx::PgPool;
use uuid::Uuid;

use super::Tasks;
use crate::collect::postgres::unseen;
use crate::evidence::Unseen;

/// Tasks in a span.
const SPAN: usize = 500;

/// A few hundred tasks.
#[derive(Debug, Clone)]
pub enum Span {
    /// By uuid: after the first, up to and with the second, or to the end.
    Between {
        after: Uuid,
        upto: Option<Uuid>,
        /// Only those created since.
        since: Option<NaiveDateTime>,
    },
    These(Vec<Uuid>),
}

impl Span {
    /// The condition on the tasks table.
    pub fn condition(&self) -> String {
        match self {
            // In SQL as text, since COPY takes no parameters: only uuids and times stand in it.
            Self::Between { after, upto, since } => {
                let mut condition = format!("task.task_uuid > '{after}'");
                if let Some(upto) = upto {
                    condition.push_str(&format!(" AND task.task_uuid <= '{upto}'"));
                }
                if let Some(since) = since {
                    condition.push_str(&format!(" AND task.created_at > '{since}'"));
                }
                condition
            }
            Self::These(uuids) => format!("task.task_uuid = ANY({})", array(uuids)),
        }
    }
}

/// `'{…}'::uuid[]`
pub fn array(uuids: &[Uuid]) -> String {
    let uuids: Vec<String> = uuids.iter().map(Uuid::to_string).collect();
    format!("'{{{}}}'::uuid[]", uuids.join(","))
}

/// All spans of these tasks, in the order of their uuids.
///
/// # Errors
/// The query that failed.
pub async fn spans(pool: &PgPool, which: Tasks<'_>) -> Result<Vec<Span>, Unseen> {
    let since = match which {
        Tasks::These(uuids) => {
            let mut uuids = uuids.to_vec();
            uuids.sort_unstable();
            uuids.dedup();
            return Ok(uuids
                .chunks(SPAN)
                .map(|span| Span::These(span.to_vec()))
                .collect());
        }
        Tasks::Since(seconds) => Some(moment(pool, seconds).await?),
        Tasks::All => None,
    };
    let rows: Vec<(Uuid,)> = sqlx::query_as(
        "SELECT task_uuid FROM ( \
             SELECT task_uuid, row_number() OVER (ORDER BY task_uuid) AS number \
             FROM tasker.tasks WHERE $1::timestamp IS NULL OR created_at > $1 \
         ) numbered WHERE number % $2 = 0 ORDER BY task_uuid",
    )
    .bind(since)
    .bind(i64::try_from(SPAN).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await
    .map_err(unseen("the tasks"))?;
    let ends = rows.iter().map(|(uuid,)| Some(*uuid)).chain([None]);
    let begins = [Uuid::nil()]
        .into_iter()
        .chain(rows.iter().map(|(uuid,)| *uuid));
    Ok(begins
        .zip(ends)
        .map(|(after, upto)| Span::Between { after, upto, since })
        .collect())
}

/// So many seconds ago, by the server's clock, in which the engine's times are.
async fn moment(pool: &PgPool, seconds: u64) -> Result<NaiveDateTime, Unseen> {
    let (at,): (NaiveDateTime,) =
        sqlx::query_as("SELECT (now() AT TIME ZONE 'UTC') - $1 * interval '1 second'")
            .bind(i64::try_from(seconds).unwrap_or(i64::MAX))
            .fetch_one(pool)
            .await
            .map_err(unseen("the server's clock"))?;
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_condition_on_tasks() {
        let between = Span::Between {
            after: Uuid::from_u128(1),
            upto: Some(Uuid::from_u128(2)),
            since: NaiveDateTime::parse_from_str("2026-01-02 03:04:05", "%F %T").ok(),
        };

        assert_eq!(
            between.condition(),
            "task.task_uuid > '00000000-0000-0000-0000-000000000001' \
             AND task.task_uuid <= '00000000-0000-0000-0000-000000000002' \
             AND task.created_at > '2026-01-02 03:04:05'"
        );
        assert_eq!(
            Span::These(vec![Uuid::nil(), Uuid::max()]).condition(),
            "task.task_uuid = ANY('{00000000-0000-0000-0000-000000000000,\
             ffffffff-ffff-ffff-ffff-ffffffffffff}'::uuid[])"
        );
    }
}
