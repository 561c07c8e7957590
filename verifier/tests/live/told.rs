//! What a check told.

use std::fmt;

use serde_json::{Value, json};

/// What a loaded machine brings about, with any fault and with none: slow answers (CV407), creates that a busy server did
/// although it answered with an error (CV513), or that it turned away and took later (CV517).
const LOAD: [&str; 3] = ["CV407", "CV513", "CV517"];

/// A report and the exit status it came with.
pub struct Verdict {
    pub status: Option<i32>,
    pub report: Value,
}

impl Verdict {
    /// What stands for itself, in the order of the codes: each code with a finding, error or warning, that is not known
    /// and follows from no other; and `unknown without ...`, once for each thing that was not seen.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        for check in self.checks() {
            let code = check["code"].as_str().unwrap_or_default();
            let outcome = &check["outcome"];
            let what = if outcome["status"] == "unknown" {
                let unseen = outcome["unseen"]["what"].as_str().unwrap_or_default();
                format!("unknown without {unseen}")
            } else if open_findings(check).iter().any(|it| is_root(it)) {
                code.to_owned()
            } else {
                continue;
            };
            if !LOAD.contains(&code) && !told.contains(&what) {
                told.push(what);
            }
        }
        told
    }

    /// Codes of the checks that found an error which counts, in order.
    pub fn failed(&self) -> Vec<&str> {
        self.checks()
            .filter(|check| check["severity"] == "error" && !open_findings(check).is_empty())
            .filter_map(|check| check["code"].as_str())
            .collect()
    }

    /// Findings of a code that are not known, whole.
    pub fn findings(&self, code: &str) -> Vec<&Value> {
        self.checks()
            .filter(|check| check["code"] == code)
            .flat_map(open_findings)
            .collect()
    }

    /// The finding of a code about a subject, whole; it may be known.
    ///
    /// # Panics
    /// There is none, or more than one.
    pub fn finding(&self, code: &str, subject: &str) -> &Value {
        let mut findings = self.all_findings(code);
        findings.retain(|finding| finding["subject"] == subject);
        let [finding] = findings[..] else {
            panic!(
                "{} findings of {code} about {subject}: {self}",
                findings.len()
            );
        };
        finding
    }

    /// Findings of a code, known ones too.
    pub fn all_findings(&self, code: &str) -> Vec<&Value> {
        self.checks()
            .filter(|check| check["code"] == code)
            .flat_map(all_findings)
            .collect()
    }

    pub fn checks(&self) -> impl Iterator<Item = &Value> {
        self.report["checks"].as_array().into_iter().flatten()
    }
}

/// What a test that fails shows: the exit status and what counts, of a report that has some thousand lines.
impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "exit status {:?}", self.status)?;
        for check in self.checks() {
            let code = check["code"].as_str().unwrap_or_default();
            if let Some(unseen) = check["outcome"].get("unseen") {
                writeln!(out, "{code} unknown: {unseen:#}")?;
            }
            for finding in open_findings(check) {
                writeln!(out, "{code} {finding:#}")?;
            }
        }
        Ok(())
    }
}

/// Holds a finding against what it must name, and against the code that it must follow from.
pub fn names(finding: &Value, cause: Option<&str>, parts: &[&str]) {
    let text = finding.to_string();
    for part in parts {
        assert!(text.contains(part), "{part} is not in {finding:#}");
    }
    let from = finding["follows_from"]["code"].as_str();
    assert_eq!(from, cause, "{finding:#}");
}

fn is_root(finding: &Value) -> bool {
    finding["follows_from"].is_null()
}

fn open_findings(check: &Value) -> Vec<&Value> {
    let mut findings = all_findings(check);
    findings.retain(|finding| finding["known"].is_null());
    findings
}

fn all_findings(check: &Value) -> Vec<&Value> {
    let findings = check["outcome"]["findings"].as_array();
    findings.into_iter().flatten().collect()
}

#[test]
fn what_stands_for_itself_is_told_once_with_what_was_not_seen() {
    let unseen = json!({"status": "unknown", "unseen": {"what": "the database"}});
    let found = |finding: Value| json!({"status": "found", "findings": [finding]});
    let report = json!({"checks": [
        {"code": "CV207", "severity": "warning", "outcome": found(json!({}))},
        {"code": "CV301", "severity": "error", "outcome": found(json!({}))},
        {"code": "CV302", "severity": "error", "outcome": unseen},
        {"code": "CV303", "severity": "error", "outcome": unseen},
        {"code": "CV308", "severity": "error", "outcome": {"status": "passed"}},
        {"code": "CV402", "severity": "error", "outcome": found(json!({"follows_from": {"code": "CV301"}}))},
        {"code": "CV407", "severity": "warning", "outcome": found(json!({}))},
        {"code": "CV607", "severity": "error", "outcome": found(json!({"known": "a race"}))},
    ]});
    let status = Some(1);

    let told = Verdict { status, report }.told();

    assert_eq!(told, ["CV207", "CV301", "unknown without the database"]);
}
