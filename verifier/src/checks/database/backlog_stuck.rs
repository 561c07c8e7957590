use crate::check::{Check, Code, Finding};
use crate::checks::duty::subscribers;
use crate::evidence::{Evidence, Queue, Unseen};

/// A message has waited for longer than a minute, and nobody has read it.
pub struct BacklogStuck;

const LIMIT_SECONDS: i64 = 60;
/// Created by the engine, and nobody sends to it or takes from it.
const UNUSED: &str = "worker_orchestration_queue";

impl Check for BacklogStuck {
    const CODE: Code = Code::new(312);
    const NAME: &'static str = "backlog-stuck";
    const TITLE: &'static str = "no step or result waits longer than a minute to be taken";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let queues = &evidence.database.seen()?.queues;
        let mut findings = Vec::new();
        for queue in queues
            .iter()
            .filter(|queue| is_of_steps_or_results(&queue.name))
        {
            let Some(seconds) = queue
                .oldest_unread_seconds
                .filter(|age| *age > LIMIT_SECONDS)
            else {
                continue;
            };
            findings.push(finding(evidence, queue, seconds));
        }
        Ok(findings)
    }
}

/// Domain events are for whoever wants them, and may wait for ever.
fn is_of_steps_or_results(name: &str) -> bool {
    name != UNUSED
        && (name.starts_with("orchestration_")
            || (name.starts_with("worker_") && name.ends_with("_queue")))
}

fn finding(evidence: &Evidence, queue: &Queue, seconds: i64) -> Finding {
    let finding = Finding::about(format!("queue {}", queue.name))
        .observed(format!(
            "its oldest message that nobody has read was sent {seconds} s ago"
        ))
        .evidence("messages", queue.messages)
        .evidence("visible", queue.visible)
        .hint("run `cluster-verify queues` to see who should take them");
    let namespace = queue
        .name
        .strip_prefix("worker_")
        .and_then(|rest| rest.strip_suffix("_queue"));
    match (namespace, evidence.subscriptions.ok()) {
        (Some(namespace), Some(subscriptions)) => {
            let seen = subscribers(evidence, subscriptions, namespace).unwrap_or_default();
            let seen = if seen.is_empty() {
                "none".to_owned()
            } else {
                seen.join(", ")
            };
            finding.evidence("subscribers seen", seen)
        }
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn waiting(name: &str, unread: Option<i64>) -> Evidence {
        let mut evidence = Evidence::healthy();
        let queues = &mut evidence.database.seen_mut().queues;
        let queue = queues.iter_mut().find(|queue| queue.name == name).unwrap();
        (queue.messages, queue.visible) = (3, 3);
        queue.oldest_visible_seconds = Some(500);
        queue.oldest_unread_seconds = unread;
        evidence
    }

    #[test]
    fn a_message_that_nobody_takes_is_a_finding() {
        let findings = fires::<BacklogStuck>(&waiting("worker_mail_queue", Some(61)));

        assert_eq!(findings[0].subject, "queue worker_mail_queue");
        assert_eq!(
            findings[0].evidence["subscribers seen"],
            "worker-rust-1, worker-rust-2"
        );
        fires::<BacklogStuck>(&waiting("orchestration_step_results", Some(61)));
    }

    #[test]
    fn one_that_is_taken_soon_is_none_and_one_that_was_read_before_is_another() {
        silent::<BacklogStuck>(&waiting("worker_mail_queue", Some(60)));
        silent::<BacklogStuck>(&waiting("worker_mail_queue", None));
    }

    #[test]
    fn domain_events_may_wait() {
        silent::<BacklogStuck>(&waiting("mail_domain_events", Some(1000)));
    }

    #[test]
    fn without_the_database_the_queues_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<BacklogStuck>(&evidence);
    }
}
