//! Findings that are accepted for now: `config/findings.toml`.

mod file;

use chrono::NaiveDate;

use crate::check::{Finding, LOGGED};
use crate::evidence::{Evidence, HistoryView};
use crate::report::{CheckResult, Outcome};

pub use file::{Entry, FINDINGS_FILE, Known};

impl Known {
    /// Marks the findings that an entry accepts, with its reason.
    ///
    /// An entry whose date has passed, that is for another engine or profile,
    /// or whose bound is exceeded accepts nothing.
    pub fn mark(&self, evidence: &Evidence, results: &mut [CheckResult], today: NaiveDate) {
        let Some(topology) = evidence.topology.ok() else {
            return;
        };
        // Where the history was not looked at, nothing says on how many steps the findings came about.
        let steps = evidence.history.ok().map(HistoryView::chances);
        for result in results {
            let Outcome::Found { findings } = &mut result.outcome else {
                continue;
            };
            let total: u64 = findings.iter().map(|finding| finding.times).sum();
            for entry in self
                .entries
                .iter()
                .filter(|entry| entry.code == result.code)
            {
                let accepts = entry.is_in_force(&topology.engine.version, &topology.profile, today);
                if !accepts || !entry.admits(total, steps) {
                    continue;
                }
                for finding in findings
                    .iter_mut()
                    .filter(|finding| entry.covers(&finding.subject) && entry.explains(finding))
                {
                    finding.known = Some(entry.reason.clone());
                }
            }
        }
    }
}

impl Entry {
    /// Whether it is for this engine and profile, and its date has not passed.
    pub fn is_in_force(&self, engine: &str, profile: &str, today: NaiveDate) -> bool {
        let of_profile = self.profiles.iter().any(|name| name == profile);
        of_profile && self.engine == engine && self.expires >= today
    }

    /// Whether that many findings on that many steps are within the bound.
    fn admits(&self, findings: u64, steps: Option<u64>) -> bool {
        self.per_thousand_steps
            .is_none_or(|bound| findings <= allowed(bound, steps.unwrap_or(THOUSAND)))
    }

    /// Whether the log gave the reason for it that the entry asks for, if it asks for one.
    fn explains(&self, finding: &Finding) -> bool {
        let logged = finding.evidence.get(LOGGED);
        self.logged
            .as_ref()
            .is_none_or(|reason| logged.is_some_and(|line| line.contains(reason)))
    }

    /// Whether the target, in which `*` stands for any text, covers the subject.
    pub fn covers(&self, subject: &str) -> bool {
        let mut parts = self.target.split('*');
        let Some(first) = parts.next() else {
            return false;
        };
        let Some(mut rest) = subject.strip_prefix(first) else {
            return false;
        };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(at) = rest.find(part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

const THOUSAND: u64 = 1000;

/// The bound's share of that many steps. On fewer than a thousand chance weighs: of what happens one by one and
/// `share` times on average, more than `share + 4 * sqrt(share) + 2` come about once in ten thousand looks. One race
/// may bring several findings, and more such looks; the bounds are well above what was measured. The bound itself is
/// never passed.
fn allowed(bound: u64, steps: u64) -> u64 {
    let share = bound * steps / THOUSAND;
    if steps >= THOUSAND {
        return share;
    }
    let chance = (16 * bound * steps / THOUSAND).isqrt() + 2;
    bound.min(share + chance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Finding;

    fn entry(target: &str) -> Entry {
        Entry {
            code: "CV601".into(),
            target: target.into(),
            reason: "seen".into(),
            engine: "0.1.8".into(),
            profiles: vec!["stock".into()],
            expires: NaiveDate::MAX,
            per_thousand_steps: Some(100),
            logged: None,
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(entry("*").covers("anything"));
        assert!(entry("task *").covers("task 1"));
        assert!(!entry("task *").covers("step 1"));
        assert!(entry("a*c").covers("abc"));
        assert!(!entry("abc").covers("abcd"));
    }

    #[test]
    fn beyond_its_bound_an_entry_accepts_nothing() {
        assert!(entry("*").admits(100, Some(1000)));
        assert!(!entry("*").admits(101, Some(1000)));
        assert!(entry("*").admits(250, Some(2500)));
        assert!(!entry("*").admits(251, Some(2500)));
    }

    #[test]
    fn a_short_history_has_its_share_of_the_bound_and_what_chance_may_add() {
        // Four tasks of twelve steps: 4.8 on average.
        assert!(entry("*").admits(14, Some(48)));
        assert!(!entry("*").admits(15, Some(48)));
        assert!(entry("*").admits(2, Some(0)));
        assert!(!entry("*").admits(3, Some(0)));
    }

    #[test]
    fn chance_never_admits_more_than_the_bound_of_a_thousand_steps() {
        for steps in 0..1000 {
            assert!(allowed(1, steps) <= 1);
            assert!(allowed(400, steps) <= 400);
        }
        assert_eq!(allowed(400, 1000), 400);
    }

    #[test]
    fn without_a_look_at_the_history_the_bound_is_that_of_a_thousand_steps() {
        assert!(entry("*").admits(100, None));
        assert!(!entry("*").admits(101, None));
    }

    #[test]
    fn an_entry_is_for_its_engine_and_profiles_until_its_date() {
        let mut entry = entry("*");
        entry.expires = NaiveDate::from_ymd_opt(2027, 6, 30).unwrap();
        let last = entry.expires;

        assert!(entry.is_in_force("0.1.8", "stock", last));
        assert!(!entry.is_in_force("0.1.9", "stock", last));
        assert!(!entry.is_in_force("0.1.8", "polling", last));
        assert!(!entry.is_in_force("0.1.8", "stock", last.succ_opt().unwrap()));
    }

    #[test]
    fn an_entry_that_asks_for_a_reason_in_the_log_accepts_nothing_without_it() {
        let evidence = Evidence::healthy();
        let check = crate::check::find("CV601").unwrap();
        let finding = Finding::about("task 1").observed("broken");
        let marked = |finding: Finding| {
            let findings = vec![finding];
            let mut results = [CheckResult::new(check, Outcome::Found { findings })];
            let known = Known {
                entries: vec![Entry {
                    logged: Some("named_steps_name_unique".into()),
                    ..entry("*")
                }],
            };
            known.mark(&evidence, &mut results, NaiveDate::MIN);
            results[0].all_known()
        };

        assert!(!marked(finding.clone()));
        assert!(!marked(finding.clone().logged(Some("deadlock detected"))));
        assert!(marked(finding.logged(Some(
            "duplicate key violates \"named_steps_name_unique\""
        ))));
    }
}
