use super::share::{IMPROBABLE, shares};
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A worker got so few of the canaries' steps that chance does not explain it.
///
/// Half of a fair chance is granted: siblings need not be equally quick. One
/// that got none at all while it calls itself ready is another finding.
pub struct WorkerSkew;

const GRANTED: f64 = 0.5;

impl Check for WorkerSkew {
    const CODE: Code = Code::new(510);
    const NAME: &'static str = "worker-skew";
    const TITLE: &'static str = "no worker's share of the canaries is improbably small";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let shares = shares(evidence)?;
        let findings = shares
            .iter()
            .filter(|share| share.own > 0 && share.probability(GRANTED) < IMPROBABLE)
            .map(|share| {
                Finding::about(share.instance)
                    .observed(format!(
                        "the audit has {} of the canaries' {} steps from it, of which each of {} \
                         workers should have about {}",
                        share.own,
                        share.all,
                        share.workers,
                        share.all / u64::from(share.workers)
                    ))
                    .evidence("probability", format!("{:.1e}", share.probability(GRANTED)))
                    .hint(format!("run `./dev logs {}`", share.instance))
            });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::worker_uuid;

    /// Worker 2 did this many of a hundred steps, worker 1 the others.
    fn with_share(of_second: usize) -> Evidence {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        let mut step = canary.steps[0].clone();
        step.workers = vec![worker_uuid("worker-rust-1").to_string()];
        canary.steps = vec![step; 100];
        for step in &mut canary.steps[..of_second] {
            step.workers = vec![worker_uuid("worker-rust-2").to_string()];
        }
        evidence.canaries.seen_mut().tasks.truncate(1);
        evidence
    }

    #[test]
    fn a_share_that_chance_does_not_explain_is_a_finding() {
        let findings = fires::<WorkerSkew>(&with_share(3));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
    }

    #[test]
    fn a_slower_worker_is_none() {
        silent::<WorkerSkew>(&with_share(20));
    }

    #[test]
    fn a_worker_without_any_share_is_another_finding() {
        silent::<WorkerSkew>(&with_share(0));
    }

    #[test]
    fn a_few_steps_prove_nothing() {
        let mut evidence = with_share(1);
        evidence.canaries.seen_mut().tasks[0].steps.truncate(10);

        silent::<WorkerSkew>(&evidence);
    }

    #[test]
    fn without_canaries_or_the_record_of_a_worker_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");
        unknown::<WorkerSkew>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.identities.remove("worker-rust-1");
        unknown::<WorkerSkew>(&evidence);
    }
}
