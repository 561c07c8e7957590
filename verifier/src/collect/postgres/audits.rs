//! What the database accepted of single steps.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use sqlx::PgPool;
use uuid::Uuid;

use super::unseen;
use crate::evidence::Unseen;
use crate::history::Audit;

/// The audited results of each of these steps that exists, by time.
///
/// # Errors
/// The query that failed.
pub async fn of_steps(pool: &PgPool, steps: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Audit>>, Unseen> {
    type Row = (Uuid, Option<Uuid>, Option<bool>, Option<NaiveDateTime>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT step.workflow_step_uuid, audit.worker_uuid, audit.success, audit.recorded_at \
         FROM tasker.workflow_steps step \
         LEFT JOIN tasker.workflow_step_result_audit audit USING (workflow_step_uuid) \
         WHERE step.workflow_step_uuid = ANY($1) ORDER BY audit.recorded_at",
    )
    .bind(steps)
    .fetch_all(pool)
    .await
    .map_err(unseen("the audit of repeated steps"))?;
    let mut audits: BTreeMap<Uuid, Vec<Audit>> = BTreeMap::new();
    for (step, worker, success, at) in rows {
        let of_step = audits.entry(step).or_default();
        if let (Some(success), Some(at)) = (success, at) {
            of_step.push(Audit {
                worker,
                success,
                at: at.and_utc(),
            });
        }
    }
    Ok(audits)
}
