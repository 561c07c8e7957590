//! Findings that are accepted for now: `config/findings.toml`.

mod file;

use chrono::NaiveDate;

use crate::evidence::Evidence;
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
        let steps = evidence.history.ok().map_or(0, |history| history.steps);
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
                let applies = entry.engine == topology.engine.version
                    && entry.profiles.contains(&topology.profile)
                    && entry.expires >= today
                    && entry.admits(total, steps);
                if !applies {
                    continue;
                }
                for finding in findings
                    .iter_mut()
                    .filter(|finding| entry.covers(&finding.subject))
                {
                    finding.known = Some(entry.reason.clone());
                }
            }
        }
    }
}

impl Entry {
    /// Whether that many findings on that many steps are within the bound.
    fn admits(&self, findings: u64, steps: u64) -> bool {
        self.per_thousand_steps
            .is_none_or(|bound| findings * 1000 <= bound * steps.max(1000))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: &str) -> Entry {
        Entry {
            code: "CV601".into(),
            target: target.into(),
            reason: "seen".into(),
            engine: "0.1.8".into(),
            profiles: vec!["stock".into()],
            expires: NaiveDate::MAX,
            per_thousand_steps: Some(100),
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
        assert!(entry("*").admits(100, 1000));
        assert!(!entry("*").admits(101, 1000));
    }
}
