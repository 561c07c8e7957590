//! Outcomes of checks and the verdict over them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Entry, Family, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// Version of the JSON form.
pub const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    #[schemars(extend("const" = FORMAT))]
    pub format: u32,
    pub tool_version: String,
    pub taken_at: DateTime<Utc>,
    /// None when the topology could not be read.
    pub engine: Option<String>,
    pub profile: Option<String>,
    pub mode: Option<String>,
    /// None where all of the history was judged, or none.
    #[serde(default)]
    pub window: Option<Window>,
    /// None where no canaries were chosen by what earlier checks saw.
    #[serde(default)]
    pub canaries: Option<CanaryNote>,
    /// Canaries of earlier days that this check removed.
    #[serde(default)]
    pub canaries_aged_out: u64,
    /// Seconds from the first look to the verdict.
    pub seconds: f64,
    /// Whether known findings count.
    pub strict: bool,
    pub verdict: Verdict,
    pub counts: Counts,
    pub checks: Vec<CheckResult>,
}

/// The part of the history that was judged: tasks created since then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    pub since: DateTime<Utc>,
    /// When the engine's present profile began; else it was asked for.
    pub of_profile: bool,
}

/// What the canaries' checks rest on. Ways are namespaces through servers; those that were not tried now are proven by an
/// earlier check of the very same processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CanaryNote {
    pub tried: usize,
    pub ways: usize,
    /// Seconds since the oldest of those proofs; none where all ways were tried.
    pub oldest_proof_seconds: Option<i64>,
    /// Seconds since twins and a cancellation were tried, if they were.
    pub servers_tried_seconds: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every check passed, or what was found is known or only a warning.
    Passed,
    /// At least one finding counts.
    Failed,
    /// A check did not get the evidence that it needs, or the run was asked not to look at what any of them needs.
    Unknown,
    /// The cluster's description is wrong, so nothing can be judged by it.
    Misconfigured,
}

/// Numbers of checks by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    /// Checks all of whose findings are known.
    pub known: usize,
    pub warned: usize,
    pub unknown: usize,
    /// Checks that the run was asked not to make.
    pub left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    pub code: String,
    pub name: String,
    pub title: String,
    pub family: Family,
    pub severity: Severity,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Found {
        findings: Vec<Finding>,
    },
    Unknown {
        unseen: Unseen,
    },
    /// The run was asked not to look at what it needs (`--quick`, `--offline`).
    LeftOut,
}

impl CheckResult {
    pub fn new(entry: &Entry, outcome: Outcome) -> Self {
        Self {
            code: entry.code.to_string(),
            name: entry.name.to_owned(),
            title: entry.title.to_owned(),
            family: entry.code.family(),
            severity: entry.severity,
            outcome,
        }
    }

    pub fn findings(&self) -> &[Finding] {
        match &self.outcome {
            Outcome::Found { findings } => findings,
            Outcome::Passed | Outcome::Unknown { .. } | Outcome::LeftOut => &[],
        }
    }

    /// Whether all that was found is accepted.
    pub fn all_known(&self) -> bool {
        self.findings()
            .iter()
            .all(|finding| finding.known.is_some())
    }

    /// Whether this result makes the verdict `failed`.
    pub fn counts_against(&self, strict: bool) -> bool {
        self.severity == Severity::Error
            && !self.findings().is_empty()
            && (strict || !self.all_known())
    }
}

impl Counts {
    /// Checks that came to a judgement.
    pub const fn judged(&self) -> usize {
        self.passed + self.failed + self.known + self.warned
    }
}

impl Report {
    /// The verdict over the results of one run.
    pub fn new(evidence: &Evidence, checks: Vec<CheckResult>, strict: bool, seconds: f64) -> Self {
        let mut counts = Counts::default();
        for check in &checks {
            match &check.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Unknown { .. } => counts.unknown += 1,
                Outcome::LeftOut => counts.left_out += 1,
                Outcome::Found { .. } if check.counts_against(strict) => counts.failed += 1,
                Outcome::Found { .. } if check.all_known() => counts.known += 1,
                Outcome::Found { .. } => counts.warned += 1,
            }
        }
        let topology = evidence.topology.ok();
        let verdict = if topology.is_none() {
            Verdict::Misconfigured
        } else if counts.failed > 0 {
            Verdict::Failed
        } else if counts.unknown > 0 || counts.judged() == 0 {
            Verdict::Unknown
        } else {
            Verdict::Passed
        };
        Self {
            format: FORMAT,
            tool_version: evidence.tool_version.clone(),
            taken_at: evidence.taken_at,
            engine: topology.map(|topology| topology.engine.to_string()),
            profile: topology.map(|topology| topology.profile.clone()),
            mode: topology.map(|topology| topology.kind()),
            window: window(evidence),
            canaries: canary_note(evidence),
            canaries_aged_out: evidence.canaries.ok().map_or(0, |it| it.aged_out),
            seconds,
            strict,
            verdict,
            counts,
            checks,
        }
    }
}

fn window(evidence: &Evidence) -> Option<Window> {
    let history = evidence.history.ok()?;
    let asked = || {
        let back = i64::try_from(history.since_seconds?).ok()?;
        Some(evidence.taken_at - chrono::TimeDelta::try_seconds(back)?)
    };
    Some(Window {
        since: history.profile_began.or_else(asked)?,
        of_profile: history.profile_began.is_some(),
    })
}

fn canary_note(evidence: &Evidence) -> Option<CanaryNote> {
    let canaries = evidence.canaries.ok()?;
    let ways = canaries.ways?;
    // What was tried in this run was tried after it began.
    let age = |at: DateTime<Utc>| (evidence.taken_at - at).num_seconds().max(0);
    Some(CanaryNote {
        tried: ways.tried,
        ways: ways.all,
        oldest_proof_seconds: ways.oldest_proof.map(age),
        servers_tried_seconds: canaries.tried_at.map(age),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;

    fn verdict(outcomes: Vec<Outcome>) -> Verdict {
        let entry = find("CV308").unwrap();
        let results = outcomes
            .into_iter()
            .map(|it| CheckResult::new(entry, it))
            .collect();
        Report::new(&Evidence::healthy(), results, false, 0.1).verdict
    }

    #[test]
    fn a_run_that_judged_nothing_did_not_pass() {
        assert_eq!(verdict(Vec::new()), Verdict::Unknown);
        assert_eq!(verdict(vec![Outcome::LeftOut]), Verdict::Unknown);
        assert_eq!(
            verdict(vec![Outcome::LeftOut, Outcome::Passed]),
            Verdict::Passed
        );
    }
}
