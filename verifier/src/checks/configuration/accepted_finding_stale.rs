use crate::check::{self, Check, Code, Family, Finding, Severity};
use crate::evidence::{Evidence, HistoryView, Unseen};
use crate::known::{Entry, FINDINGS_FILE};

/// An accepted finding has expired, is for another engine, or is not found any more.
///
/// A list of excuses that nobody clears out hides the next real fault.
pub struct AcceptedFindingStale;

/// A race may simply not have happened on a history on which its bound allows fewer findings than this.
const ALLOWED: u64 = 1000;

impl Check for AcceptedFindingStale {
    const CODE: Code = Code::new(122);
    const NAME: &'static str = "accepted-finding-stale";
    const TITLE: &'static str = "every accepted finding is current and still found";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        Ok(evidence
            .configuration
            .accepted
            .iter()
            .filter_map(|entry| {
                let (observed, hint) = defect(evidence, entry, &topology.engine.version)?;
                Some(
                    Finding::about(format!("{} {}", entry.code, entry.target))
                        .observed(observed)
                        .evidence("file", FINDINGS_FILE)
                        .evidence("engine", &entry.engine)
                        .evidence("expires", entry.expires)
                        .evidence("reason", &entry.reason)
                        .hint(hint),
                )
            })
            .collect())
    }
}

fn defect(evidence: &Evidence, entry: &Entry, engine: &str) -> Option<(String, String)> {
    let remove = format!("remove the entry from {FINDINGS_FILE}");
    if check::find(&entry.code).is_none() {
        return Some((
            "there is no such code".into(),
            format!("correct the entry in {FINDINGS_FILE}; `cluster-verify codes` lists all"),
        ));
    }
    if entry.expires < evidence.taken_at.date_naive() {
        return Some((
            format!("it expired on {}", entry.expires),
            format!("{remove}, or give it a new date if the fault is still there"),
        ));
    }
    if entry.engine != engine {
        return Some((
            format!("it is for engine {}, and this is {engine}", entry.engine),
            format!("{remove}, or renew it if `cluster-verify check --strict` still finds it"),
        ));
    }
    matched_nothing(evidence, entry).then(|| ("nothing of it was found".into(), remove))
}

/// Only where it could have been found: under its profile, by a check that had its evidence, on enough steps.
fn matched_nothing(evidence: &Evidence, entry: &Entry) -> bool {
    let Some(check) = check::find(&entry.code).filter(|it| it.code != AcceptedFindingStale::CODE)
    else {
        return false;
    };
    let profile = evidence.topology.ok().map(|topology| &topology.profile);
    if !profile.is_some_and(|profile| entry.profiles.contains(profile)) {
        return false;
    }
    // One judges the few canaries of one check: that they met no fault says nothing of others. The other judges what lies
    // in queues and tables at this moment, which somebody may have cleared.
    if matches!(check.code.family(), Family::Consistency | Family::Database) {
        return false;
    }
    let steps = evidence.history.ok().map_or(0, HistoryView::chances);
    let allowed = |bound: u64| bound * steps / 1000;
    if entry
        .per_thousand_steps
        .is_some_and(|bound| allowed(bound) < ALLOWED)
    {
        return false;
    }
    (check.judge)(evidence)
        .is_ok_and(|findings| !findings.iter().any(|it| entry.covers(&it.subject)))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with(change: impl Fn(&mut Entry)) -> Evidence {
        let mut evidence = Evidence::healthy();
        let mut entry = Entry {
            code: "CV601".into(),
            target: "*".into(),
            reason: "seen".into(),
            engine: "0.1.8".into(),
            profiles: vec!["stock".into()],
            expires: NaiveDate::MAX,
            per_thousand_steps: None,
            logged: None,
        };
        change(&mut entry);
        evidence.configuration.accepted.push(entry);
        evidence
    }

    fn observed(evidence: &Evidence) -> String {
        fires::<AcceptedFindingStale>(evidence)[0].observed.clone()
    }

    #[test]
    fn an_expired_entry_one_of_another_engine_and_one_of_no_code_are_found() {
        let past = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();

        assert_eq!(
            observed(&with(|it| it.expires = past)),
            "it expired on 2025-01-01"
        );
        assert_eq!(
            observed(&with(|it| it.engine = "0.1.7".into())),
            "it is for engine 0.1.7, and this is 0.1.8"
        );
        assert_eq!(
            observed(&with(|it| it.code = "CV999".into())),
            "there is no such code"
        );
    }

    #[test]
    fn an_entry_that_matches_nothing_on_many_steps_is_found() {
        let mut evidence = with(|it| it.per_thousand_steps = Some(10));
        evidence.history.seen_mut().steps = 100_000;

        assert_eq!(observed(&evidence), "nothing of it was found");
    }

    #[test]
    fn an_entry_on_a_check_without_chance_needs_no_steps() {
        assert_eq!(
            observed(&with(|it| it.code = "CV104".into())),
            "nothing of it was found"
        );
    }

    #[test]
    fn few_steps_another_profile_and_a_check_without_evidence_prove_nothing() {
        let mut evidence = with(|it| it.per_thousand_steps = Some(10));
        evidence.history.seen_mut().steps = 99_000;
        silent::<AcceptedFindingStale>(&evidence);

        silent::<AcceptedFindingStale>(&with(|it| it.profiles = vec!["polling".into()]));

        for judged_by_chance in ["CV514", "CV313"] {
            silent::<AcceptedFindingStale>(&with(|it| it.code = judged_by_chance.into()));
        }

        let mut evidence = with(|it| it.code = "CV201".into());
        evidence.system = Observed::not_looked("processes");
        silent::<AcceptedFindingStale>(&evidence);
    }

    #[test]
    fn an_entry_that_is_found_is_current() {
        let mut evidence = with(|it| it.code = "CV104".into());
        evidence.configuration.rendered[0].exists = false;

        silent::<AcceptedFindingStale>(&evidence);
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<AcceptedFindingStale>(&evidence);
    }
}
