use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// A message was read so often that its readers seem to fail at it each time.
pub struct RedeliveryExcess;

const LIMIT: i32 = 5;

impl Check for RedeliveryExcess {
    const CODE: Code = Code::new(314);
    const NAME: &'static str = "redelivery-excess";
    const TITLE: &'static str = "no waiting message was read more than five times";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let queues = evidence.database.seen()?.queues.iter();
        let findings = queues
            .filter(|queue| queue.max_read_count > LIMIT)
            .map(|queue| {
                Finding::about(format!("queue {}", queue.name))
                    .observed(format!(
                        "PostgreSQL has a message in it that was read {} times",
                        queue.max_read_count
                    ))
                    .evidence("messages", queue.messages)
                    .hint("run `cluster-verify check --only 313` to see whether its step is over")
            });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn read(times: i32) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().queues[0].max_read_count = times;
        evidence
    }

    #[test]
    fn a_message_that_comes_back_again_and_again_is_a_finding() {
        fires::<RedeliveryExcess>(&read(6));
    }

    #[test]
    fn a_few_reads_are_redelivery_as_it_should_be() {
        silent::<RedeliveryExcess>(&read(5));
    }

    #[test]
    fn without_the_database_the_queues_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<RedeliveryExcess>(&evidence);
    }
}
