//! How the canaries' steps fell to the workers, and how probable that is by chance.

use crate::checks::duty::{Duty, duties, is_ready};
use crate::evidence::{Evidence, Unseen};

/// Below this nobody believes in chance.
pub const IMPROBABLE: f64 = 1e-6;

/// One ready worker's part of the canaries.
pub struct Share<'a> {
    pub instance: &'a str,
    /// Steps of its namespaces with a result of its own.
    pub own: u64,
    /// Steps of its namespaces with anybody's result.
    pub all: u64,
    /// Ready workers of its service, itself among them.
    pub workers: u32,
}

impl Share<'_> {
    /// The probability of so few or fewer, for a worker that takes each step with this part of a fair chance.
    pub fn probability(&self, part: f64) -> f64 {
        at_most(self.own, self.all, part / f64::from(self.workers))
    }
}

/// The share of every ready worker.
///
/// # Errors
/// The canaries, or the identity record of a ready worker.
pub fn shares(evidence: &Evidence) -> Result<Vec<Share<'_>>, Unseen> {
    let canaries = evidence.canaries.seen()?.sent()?;
    let mut ready = Vec::new();
    for duty in duties(evidence)? {
        if is_ready(evidence, &duty.instance.id)? {
            ready.push(duty);
        }
    }
    ready
        .iter()
        .map(|duty| {
            let uuid = worker_uuid(evidence, duty)?;
            let done = canaries
                .iter()
                .filter(|canary| duty.namespaces.contains(&canary.namespace.as_str()))
                .flat_map(|canary| &canary.steps)
                .filter(|step| !step.workers.is_empty());
            let own = done
                .clone()
                .filter(|step| step.workers.iter().any(|it| it == uuid));
            let siblings = ready
                .iter()
                .filter(|it| it.service.name == duty.service.name);
            Ok(Share {
                instance: &duty.instance.id,
                own: own.count() as u64,
                all: done.count() as u64,
                workers: u32::try_from(siblings.count()).unwrap_or(u32::MAX),
            })
        })
        .collect()
}

fn worker_uuid<'a>(evidence: &'a Evidence, duty: &Duty<'_>) -> Result<&'a str, Unseen> {
    let id = &duty.instance.id;
    let what = || format!("identity record of {id}");
    let record = evidence.identities.get(id);
    let record = record.ok_or_else(|| Unseen::new(what(), "this run did not look"))?;
    let uuid = record.seen()?.worker_uuid.as_deref();
    uuid.ok_or_else(|| Unseen::new(what(), "it has no worker uuid"))
}

/// The probability of at most so many successes in independent trials (the binomial distribution's lower tail).
fn at_most(successes: u64, trials: u64, probability: f64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    if probability >= 1.0 {
        return 0.0;
    }
    let odds = (probability / (1.0 - probability)).ln();
    // In logarithms: the first term alone may be smaller than any number.
    let mut term = trials as f64 * (1.0 - probability).ln();
    let mut sum = term.exp();
    for k in 0..successes {
        term += ((trials - k) as f64 / (k + 1) as f64).ln() + odds;
        sum += term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_agrees_with_values_worked_out_by_hand() {
        let close = |value: f64, expected: f64| (value - expected).abs() < 1e-12;

        assert!(close(at_most(0, 10, 0.5), 1.0 / 1024.0));
        assert!(close(at_most(1, 10, 0.5), 11.0 / 1024.0));
        assert!(close(at_most(2, 4, 0.25), 0.949_218_75));
        assert!(close(at_most(10, 10, 0.5), 1.0));
        assert!(close(at_most(0, 3, 1.0), 0.0));
        assert!(at_most(400, 100_000, 0.5) < f64::MIN_POSITIVE);
        assert!(close(at_most(99_999, 100_000, 0.5), 1.0));
    }

    #[test]
    fn each_ready_worker_has_its_share() {
        let evidence = Evidence::healthy();

        let shares = shares(&evidence).unwrap();

        assert_eq!(shares.len(), 2);
        assert_eq!((shares[0].own, shares[0].all, shares[0].workers), (2, 4, 2));
    }
}
