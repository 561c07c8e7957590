use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// An instance has nearly as many open files and sockets as it may have.
///
/// At the limit it accepts no connection and opens none, and says so only in its log.
pub struct DescriptorsNearLimit;

const LIMIT_PERCENT: u64 = 80;

impl Check for DescriptorsNearLimit {
    const CODE: Code = Code::new(212);
    const NAME: &'static str = "descriptors-near-limit";
    const TITLE: &'static str = "every instance has descriptors to spare";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        Ok(topology
            .instances()
            .filter_map(|(_, instance)| {
                let process = system.of_instance(&instance.id)?;
                let (open, limit) = process.descriptors?;
                if open * 100 <= limit * LIMIT_PERCENT {
                    return None;
                }
                Some(
                    Finding::about(&instance.id)
                        .observed(format!("it has {open} of at most {limit} descriptors open"))
                        .evidence("open", open)
                        .evidence("limit", limit)
                        .evidence("pid", process.pid)
                        .hint("raise the limit with `ulimit -n 8192`, then `./dev down` and `./dev up`"),
                )
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with(descriptors: Option<(u64, u64)>) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().processes[2].descriptors = descriptors;
        evidence
    }

    #[test]
    fn beyond_four_fifths_of_the_limit_is_found() {
        let findings = fires::<DescriptorsNearLimit>(&with(Some((820, 1024))));

        assert_eq!(findings[0].evidence["open"], "820");
    }

    #[test]
    fn below_that_and_where_the_system_does_not_tell_nothing_is_found() {
        silent::<DescriptorsNearLimit>(&with(Some((819, 1024))));
        silent::<DescriptorsNearLimit>(&with(None));
    }

    #[test]
    fn without_a_look_at_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<DescriptorsNearLimit>(&evidence);
    }
}
