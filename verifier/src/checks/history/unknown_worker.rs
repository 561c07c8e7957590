use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::check::{Check, Code, Finding};
use crate::checks::duty::is_ready;
use crate::evidence::{Evidence, Unseen};
use crate::topology::Role;

/// A result was accepted from a worker that no identity record names.
///
/// A record is of its instance's present process alone, so only results are judged
/// that came after every worker had started: earlier ones may be of processes before.
pub struct UnknownWorker;

/// The clocks of the database and of the instances are one machine's, or nearly in step.
const SLACK: TimeDelta = TimeDelta::seconds(2);

impl Check for UnknownWorker {
    const CODE: Code = Code::new(622);
    const NAME: &'static str = "unknown-worker";
    const TITLE: &'static str =
        "since the workers started, every result is from a worker with an identity record";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let history = evidence.history.seen()?;
        let (known, all_started) = records(evidence)?;
        let Some(all_started) = all_started else {
            return Ok(Vec::new());
        };
        let findings = history
            .workers
            .iter()
            .filter(|(worker, seen)| !known.contains(*worker) && seen.last > all_started + SLACK)
            .map(|(worker, seen)| {
                let subject = if worker.is_nil() {
                    "results without a worker".to_owned()
                } else {
                    format!("worker {worker}")
                };
                Finding::about(subject)
                    .observed("the audit has results of it that are younger than the cluster's youngest worker")
                    .evidence("results in all", seen.audits)
                    .evidence("last result", seen.last)
                    .evidence("youngest worker started", all_started)
                    .hint("run `cluster-verify check --only 205,206` to find the process")
            });
        Ok(findings.collect())
    }
}

/// The uuids that the records of all workers name, and when the last of them started.
fn records(evidence: &Evidence) -> Result<(BTreeSet<Uuid>, Option<DateTime<Utc>>), Unseen> {
    let mut known = BTreeSet::new();
    let mut all_started = None;
    for (_, worker) in evidence.topology.seen()?.with_role(Role::Worker) {
        let id = &worker.id;
        let what = || format!("identity record of {id}");
        let record = evidence.identities.get(id);
        let record = record.ok_or_else(|| Unseen::new(what(), "this run did not look"))?;
        let identity = match record.seen() {
            Ok(identity) => identity,
            // One that was never ready has no record and no results.
            Err(unseen) if is_ready(evidence, id)? => return Err(unseen),
            Err(_) => continue,
        };
        let pid = evidence
            .system
            .ok()
            .and_then(|system| system.of_instance(id));
        if pid.is_some_and(|process| process.pid != identity.pid) {
            return Err(Unseen::new(what(), "it is of an earlier process"));
        }
        known.extend(
            identity
                .worker_uuid
                .as_deref()
                .and_then(|uuid| uuid.parse::<Uuid>().ok()),
        );
        all_started = all_started.max(Some(identity.started_at));
    }
    Ok((known, all_started))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Observed, WorkerSeen};

    /// A worker that nobody knows had its last result so many seconds after the evidence was taken.
    fn with_stranger(worker: Uuid, seconds: i64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let last = evidence.taken_at + TimeDelta::seconds(seconds);
        evidence
            .history
            .seen_mut()
            .workers
            .insert(worker, WorkerSeen { audits: 3, last });
        evidence
    }

    #[test]
    fn a_result_of_a_worker_without_a_record_is_a_finding() {
        let findings = fires::<UnknownWorker>(&with_stranger(Uuid::from_u128(9), -5));

        assert_eq!(findings[0].evidence["results in all"], "3");
    }

    #[test]
    fn a_result_that_names_no_worker_is_one_too() {
        let findings = fires::<UnknownWorker>(&with_stranger(Uuid::nil(), -5));

        assert_eq!(findings[0].subject, "results without a worker");
    }

    #[test]
    fn a_result_from_before_the_youngest_worker_may_be_of_an_earlier_process() {
        silent::<UnknownWorker>(&with_stranger(Uuid::from_u128(9), -58));
    }

    #[test]
    fn a_worker_that_never_ran_needs_no_record() {
        let mut evidence = Evidence::healthy();
        evidence.identities.insert(
            "worker-rust-2".into(),
            Observed::unseen("record", "no file"),
        );
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.pid != 103);

        silent::<UnknownWorker>(&evidence);
    }

    #[test]
    fn while_a_running_worker_has_no_record_of_its_own_nothing_is_known() {
        let mut evidence = with_stranger(Uuid::from_u128(9), -5);
        evidence
            .identities
            .get_mut("worker-rust-2")
            .unwrap()
            .seen_mut()
            .pid = 7;
        unknown::<UnknownWorker>(&evidence);

        evidence.identities.insert(
            "worker-rust-2".into(),
            Observed::unseen("record", "no file"),
        );
        unknown::<UnknownWorker>(&evidence);
    }
}
