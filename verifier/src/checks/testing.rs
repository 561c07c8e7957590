//! What the tests of all checks say: it fires, it stays silent, it is unknown.

use std::path::Path;

use crate::check::{Check, Filter, Finding, judge};
use crate::evidence::Evidence;
use crate::known::Known;

/// The findings of a check on evidence with a seeded fault; each must be complete.
pub fn fires<C: Check>(evidence: &Evidence) -> Vec<Finding> {
    let findings = C::judge(evidence).unwrap_or_else(|unseen| panic!("{}: {unseen}", C::CODE));
    assert!(!findings.is_empty(), "{} stayed silent", C::CODE);
    for finding in &findings {
        assert!(!finding.subject.is_empty(), "{}: no subject", C::CODE);
        assert!(
            !finding.observed.is_empty(),
            "{}: nothing observed",
            C::CODE
        );
        assert!(!finding.hint.is_empty(), "{}: no hint", C::CODE);
    }
    findings
}

/// The check found nothing.
pub fn silent<C: Check>(evidence: &Evidence) {
    assert_eq!(C::judge(evidence), Ok(Vec::new()), "{}", C::CODE);
}

/// The check did not get what it needs.
pub fn unknown<C: Check>(evidence: &Evidence) {
    assert!(
        C::judge(evidence).is_err(),
        "{} judged without evidence",
        C::CODE
    );
}

/// The same evidence of a cluster that is known by its addresses alone.
pub fn given_by_addresses(mut evidence: Evidence) -> Evidence {
    for service in &mut evidence.topology.seen_mut().services {
        for instance in &mut service.instances {
            instance.url = Some(format!("http://{}.example:{}/", instance.id, instance.port));
        }
    }
    evidence
}

/// The check's findings, those marked that this project's `config/findings.toml` accepts.
pub fn accepted_by_the_project<C: Check>(evidence: &Evidence) -> Vec<Finding> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let known = Known::load(&root).unwrap();
    let filter = Filter {
        only: vec![C::CODE.to_string()],
        skip: Vec::new(),
    };
    let results = judge(evidence, &filter, &known, evidence.taken_at.date_naive());
    results[0].findings().to_vec()
}
