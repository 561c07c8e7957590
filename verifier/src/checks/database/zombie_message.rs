use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen, Zombie};

/// A message is delivered again and again for a step that is over.
///
/// Whoever takes it cannot claim the step and puts the message back: it costs a
/// visit each time its visibility timeout ends, for ever.
pub struct ZombieMessage;

impl Check for ZombieMessage {
    const CODE: Code = Code::new(313);
    const NAME: &'static str = "zombie-message";
    const TITLE: &'static str = "no queue has a message whose step is over";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let zombies = evidence.database.seen()?.zombies.seen()?;
        // As old as the history that was asked for, and no older.
        let back = evidence
            .history
            .ok()
            .and_then(|history| history.since_seconds);
        let in_window = |zombie: &&Zombie| {
            let age = u64::try_from(zombie.age_seconds).unwrap_or(0);
            back.is_none_or(|back| age <= back)
        };
        // A step that is over and one that nobody knows have causes of their own, of which one may be known.
        let mut by_queue: BTreeMap<(&str, bool), Vec<&Zombie>> = BTreeMap::new();
        for zombie in zombies.iter().filter(in_window) {
            let kind = (zombie.queue.as_str(), zombie.state.is_some());
            by_queue.entry(kind).or_default().push(zombie);
        }
        let findings = by_queue.into_iter().map(|((queue, exists), zombies)| {
            let (kind, is) = match exists {
                true => ("step over", "is over"),
                false => ("step unknown", "is in no table"),
            };
            let oldest = zombies[0];
            let state = oldest.state.as_deref().unwrap_or("in no table");
            let count = match zombies.len() {
                1 => "1 message".to_owned(),
                more => format!("{more} messages"),
            };
            Finding::about(format!("queue {queue}, {kind}"))
                .observed(format!("PostgreSQL has {count} in it whose step {is}"))
                .evidence(
                    "oldest",
                    format!(
                        "message {}, {} s old, read {} times, step {} is {state}",
                        oldest.message, oldest.age_seconds, oldest.reads, oldest.step
                    ),
                )
                .hint(match exists {
                    true => hint::dead_messages(evidence),
                    // Of a step that is in no table nobody knows whether it is still to come.
                    false => format!(
                        "{} for each",
                        hint::sql(
                            evidence,
                            Database::Queues,
                            &format!("SELECT pgmq.archive('{queue}', {})", oldest.message)
                        )
                    ),
                })
                .times(zombies.len() as u64)
        });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{accepted_by_the_project, fires, silent, unknown};
    use crate::evidence::Observed;

    fn zombie(queue: &str, state: Option<&str>) -> Zombie {
        Zombie {
            queue: queue.into(),
            message: 7,
            step: "s".into(),
            state: state.map(str::to_owned),
            reads: 3,
            age_seconds: 90,
        }
    }

    #[test]
    fn messages_whose_step_is_over_or_unknown_are_one_finding_each_a_queue() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().zombies = Observed::Seen(vec![
            zombie("worker_mail_queue", Some("complete")),
            zombie("worker_mail_queue", None),
            zombie("worker_mail_queue", Some("error")),
            zombie("orchestration_step_results", Some("complete")),
        ]);

        let findings = fires::<ZombieMessage>(&evidence);

        let found = findings.iter().map(|it| (it.subject.as_str(), it.times));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                ("queue orchestration_step_results, step over", 1),
                ("queue worker_mail_queue, step unknown", 1),
                ("queue worker_mail_queue, step over", 2),
            ]
        );
    }

    #[test]
    fn only_what_a_slower_worker_leaves_is_known_of_the_engine() {
        let known = |zombie: Zombie| {
            let mut evidence = Evidence::healthy();
            evidence.database.seen_mut().zombies = Observed::Seen(vec![zombie]);
            accepted_by_the_project::<ZombieMessage>(&evidence)[0]
                .known
                .is_some()
        };

        assert!(known(zombie("worker_mail_queue", Some("complete"))));
        assert!(!known(zombie("worker_mail_queue", None)));
        assert!(!known(zombie(
            "orchestration_step_results",
            Some("complete")
        )));
    }

    #[test]
    fn messages_older_than_the_history_that_is_judged_are_left_out() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().zombies =
            Observed::Seen(vec![zombie("worker_mail_queue", Some("complete"))]);

        evidence.history.seen_mut().since_seconds = Some(89);
        silent::<ZombieMessage>(&evidence);
        evidence.history.seen_mut().since_seconds = Some(90);
        fires::<ZombieMessage>(&evidence);
    }

    #[test]
    fn messages_that_wait_are_none() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().queues[0].messages = 5;

        silent::<ZombieMessage>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_messages_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().zombies = Observed::unseen("messages", "no table");

        unknown::<ZombieMessage>(&evidence);
    }
}
