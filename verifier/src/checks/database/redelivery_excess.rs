use crate::check::{Check, Code, Finding, Severity};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Queue, Unseen};

/// A message was read so often that its readers seem to fail at it each time.
///
/// One whose step is over comes back for ever, and has a code of its own.
pub struct RedeliveryExcess;

const LIMIT: i32 = 5;

impl Check for RedeliveryExcess {
    const CODE: Code = Code::new(314);
    const NAME: &'static str = "redelivery-excess";
    const TITLE: &'static str = "no message of an open step was read more than five times";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let zombies = database.zombies.ok().map(Vec::as_slice).unwrap_or_default();
        let explained = |queue: &Queue| {
            let mut own = zombies.iter().filter(|zombie| zombie.queue == queue.name);
            own.any(|zombie| zombie.reads >= queue.max_read_count)
        };
        let often = database
            .queues
            .iter()
            .filter(|queue| queue.max_read_count > LIMIT && !explained(queue));
        let findings = often.map(|queue| {
            Finding::about(format!("queue {}", queue.name))
                .observed(format!(
                    "PostgreSQL has a message in it that was read {} times",
                    queue.max_read_count
                ))
                .evidence("messages", queue.messages)
                .hint(hint::sql(
                    evidence,
                    Database::Queues,
                    &format!(
                        "SELECT * FROM pgmq.\"q_{}\" ORDER BY read_ct DESC LIMIT 1",
                        queue.name
                    ),
                ))
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
    fn a_message_whose_step_is_over_is_another_finding() {
        let mut evidence = read(40);
        let queue = evidence.database.seen_mut().queues[0].name.clone();
        evidence.database.seen_mut().zombies = Observed::Seen(vec![crate::evidence::Zombie {
            queue,
            message: 1,
            step: "s".into(),
            state: Some("complete".into()),
            reads: 40,
            age_seconds: 900,
        }]);

        silent::<RedeliveryExcess>(&evidence);
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
