//! The part of a check of any cluster that its database's past plays: what it says, and what of it is removed.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::check::{Finding, REGISTRY};
use crate::collect::postgres::{self, Chosen, Databases, Held, Past};
use crate::collect::progress::Progress;
use crate::evidence::{Evidence, Observed, Unseen};

/// A canary that is older, in seconds, is removed by the next check.
const CANARIES_AGE_OUT: u64 = 24 * 60 * 60;

/// The databases, once they are connected, with their tasks held until the look is over.
///
/// # Errors
/// Why they cannot be looked at.
pub(super) async fn hold(
    connected: impl Future<Output = Result<Databases, Unseen>>,
) -> Result<(Databases, Held), Unseen> {
    let databases = connected.await?;
    let held = databases.hold().await?;
    Ok((databases, held))
}

/// The catalogue and the history.
pub(super) async fn look(
    databases: &Databases,
    evidence: &mut Evidence,
    past: Past,
    progress: &Progress,
) {
    progress.say("history");
    let (database, history) = futures::join!(
        postgres::catalogue(databases),
        postgres::history(databases, past, progress)
    );
    evidence.database = database.into();
    evidence.history = history.into();
    if let Observed::Seen(view) = &mut evidence.history
        && let Err(failed) = postgres::follow_up(databases, view).await
    {
        evidence.history = Observed::Unseen(failed);
    }
}

/// Removes canaries of earlier days, except what any finding names. Comes last, when all evidence is there.
///
/// Beside other looks nothing is removed, and a removal that fails changes nothing of the verdict: the next check tries
/// again.
pub(super) async fn age_out(
    databases: &Databases,
    held: Held,
    evidence: &mut Evidence,
    progress: &Progress,
) {
    // What was not seen might name anything.
    if evidence.history.ok().is_none() {
        return;
    }
    // Mostly nothing is, and to judge everything once more is work.
    if !postgres::has_canaries(databases, CANARIES_AGE_OUT).await {
        return;
    }
    let Ok(Some(alone)) = held.alone().await else {
        return;
    };
    progress.say("removing canaries that are older than a day");
    let named: Vec<Uuid> = named(evidence).into_iter().collect();
    let chosen = Chosen::OfChecks { named: &named };
    let pruned = postgres::prune(databases, &alone, chosen, CANARIES_AGE_OUT).await;
    if let (Ok(pruned), Observed::Seen(canaries)) = (pruned, &mut evidence.canaries) {
        canaries.aged_out = pruned.tasks;
    }
    alone.release().await;
}

/// Every uuid in what any check finds, whatever this run was asked to judge.
fn named(evidence: &Evidence) -> BTreeSet<Uuid> {
    let findings = REGISTRY
        .iter()
        .filter_map(|entry| (entry.judge)(evidence).ok());
    findings.flatten().flat_map(|it| uuids(&it)).collect()
}

fn uuids(finding: &Finding) -> Vec<Uuid> {
    let texts = [&finding.subject, &finding.observed, &finding.hint];
    let words = texts
        .into_iter()
        .chain(finding.evidence.values())
        .flat_map(|text| text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-'));
    words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_finding_says_of_a_task_names_it() {
        let of = |number: u128| Uuid::from_u128(number);
        let finding = Finding::about(format!("task {}", of(1)))
            .observed(format!("its step ({}) waits", of(2)))
            .evidence("correlation", of(3))
            .evidence("template", "face-to-face")
            .hint(format!("run `cluster-verify task {}`", of(4)));

        assert_eq!(uuids(&finding), [of(1), of(2), of(4), of(3)]);
    }

    #[test]
    fn a_healthy_cluster_names_no_task_and_a_task_that_is_lost_is_named() {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        let task: Uuid = canary.create.task_uuid().unwrap().parse().unwrap();
        assert!(!named(&evidence).contains(&task));

        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.in_database = Some(false);

        assert!(named(&evidence).contains(&task));
    }
}
