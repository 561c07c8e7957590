//! What the files say, and beyond it what the running processes have: offline there are only the files.

use crate::check::Finding;
use crate::evidence::{Evidence, SystemView, Unseen};

/// The findings on the files and, where this run looked at processes, those on the processes.
///
/// # Errors
/// The look at the processes failed, and the files alone gave no finding.
pub fn with_processes(
    mut findings: Vec<Finding>,
    evidence: &Evidence,
    judge: impl FnOnce(&SystemView) -> Vec<Finding>,
) -> Result<Vec<Finding>, Unseen> {
    match evidence.system.if_looked() {
        Ok(Some(system)) => findings.extend(judge(system)),
        Err(unseen) if findings.is_empty() => return Err(unseen),
        Ok(None) | Err(_) => {}
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Observed;

    #[test]
    fn a_failed_look_is_unknown_unless_the_files_say_enough() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::unseen("processes", "no permission");
        let found = vec![Finding::about("x")];

        let judged = |findings| with_processes(findings, &evidence, |_| Vec::new());

        assert!(judged(Vec::new()).is_err());
        assert_eq!(judged(found.clone()), Ok(found));
    }

    #[test]
    fn offline_the_files_alone_are_judged() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        let judged = with_processes(Vec::new(), &evidence, |_| vec![Finding::about("x")]);

        assert_eq!(judged, Ok(Vec::new()));
    }
}
