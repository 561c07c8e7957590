//! Runs the chosen checks over the evidence.

use chrono::NaiveDate;

use super::by_address::judgeable;
use super::folding::fold;
use super::registry::{Entry, REGISTRY};
use crate::evidence::Evidence;
use crate::known::Known;
use crate::report::{CheckResult, Outcome};

/// Which checks to run; empty lists choose nothing away.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Codes, names or family digits.
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

impl Filter {
    pub fn admits(&self, entry: &Entry) -> bool {
        let named = |list: &[String]| list.iter().any(|wanted| matches(entry, wanted));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Words that name no check and no family.
    pub fn unknown_words(&self) -> Vec<&str> {
        self.only
            .iter()
            .chain(&self.skip)
            .filter(|word| !REGISTRY.iter().any(|entry| matches(entry, word)))
            .map(String::as_str)
            .collect()
    }
}

fn matches(entry: &Entry, wanted: &str) -> bool {
    let code = entry.code.to_string();
    let upper = wanted.to_uppercase();
    code == upper
        || code.trim_start_matches("CV") == upper
        || entry.name == wanted
        || wanted == entry.code.family().digit().to_string()
        || wanted == format!("{}xx", entry.code.family().digit())
}

/// The result of every admitted check, in the order of the codes.
pub fn judge(
    evidence: &Evidence,
    filter: &Filter,
    known: &Known,
    today: NaiveDate,
) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = REGISTRY
        .iter()
        .filter(|entry| filter.admits(entry))
        .map(|entry| {
            let may = evidence
                .topology
                .ok()
                .map_or(Ok(()), |topology| judgeable(entry, topology));
            let outcome = match may.and_then(|()| (entry.judge)(evidence)) {
                Ok(findings) if findings.is_empty() => Outcome::Passed,
                Ok(findings) => Outcome::Found { findings },
                Err(unseen) if !unseen.was_looked_for() => Outcome::LeftOut,
                Err(unseen) => Outcome::Unknown { unseen },
            };
            CheckResult::new(entry, outcome)
        })
        .collect();
    known.mark(evidence, &mut results, today);
    fold(evidence, &mut results);
    results
}
