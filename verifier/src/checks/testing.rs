//! What the tests of all checks say: it fires, it stays silent, it is unknown.

use crate::check::{Check, Finding};
use crate::evidence::Evidence;

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
