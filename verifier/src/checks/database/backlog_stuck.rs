use chrono::{DateTime, TimeDelta, Utc};

use crate::check::{Check, Code, Finding};
use crate::checks::duty::subscribers;
use crate::checks::hint;
use crate::evidence::{Evidence, PassedOver, Queue, Unseen};

/// A message has waited for longer than a minute, and nobody takes from its queue.
///
/// Where work of the queue was done within that minute, it is long and not stuck, unless others were taken before it that
/// were sent more than a minute after it.
pub struct BacklogStuck;

const LIMIT_SECONDS: i64 = 60;
/// Messages that a worker's poll takes from a queue, the oldest first (`WorkerPollerConfig` of the engine).
const POLL: usize = 10;
/// Created by the engine, and nobody sends to it or takes from it.
const UNUSED: &str = "worker_orchestration_queue";

impl Check for BacklogStuck {
    const CODE: Code = Code::new(312);
    const NAME: &'static str = "backlog-stuck";
    const TITLE: &'static str =
        "no step or result waits longer than a minute in a queue from which nobody takes";

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
            let passed_over = queue.passed_over.as_ref();
            if !moves(evidence, queue)? {
                findings.push(finding(evidence, queue, seconds));
            } else if let Some(it) = passed_over.filter(|it| it.by_seconds > LIMIT_SECONDS) {
                findings.push(is_passed_over(evidence, queue, it));
            }
        }
        Ok(findings)
    }
}

/// Whether what comes out of the queue was seen within the limit: results of its namespace, or of the results
/// themselves, steps that a server completed.
fn moves(evidence: &Evidence, queue: &Queue) -> Result<bool, Unseen> {
    let Some(history) = evidence.history.if_looked()? else {
        return Ok(false);
    };
    let last: Option<DateTime<Utc>> = match namespace(queue) {
        Some(namespace) => history.last_done.get(namespace).and_then(|it| it.result),
        None => history.last_done.values().filter_map(|it| it.step).max(),
    };
    let limit = TimeDelta::seconds(LIMIT_SECONDS);
    Ok(last.is_some_and(|last| evidence.history_read_at() - last < limit))
}

fn namespace(queue: &Queue) -> Option<&str> {
    let rest = queue.name.strip_prefix("worker_")?;
    rest.strip_suffix("_queue")
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
    match (namespace(queue), evidence.subscriptions.ok()) {
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

fn is_passed_over(evidence: &Evidence, queue: &Queue, message: &PassedOver) -> Finding {
    let finding = Finding::about(format!("queue {}, passed over", queue.name))
        .observed(format!(
            "message {} was sent {} s ago and was never read, though one was taken that was sent {} s after it",
            message.message, message.age_seconds, message.by_seconds
        ))
        .evidence("step", &message.step)
        .evidence("messages before it whose step is over", message.dead_before);
    // Workers are told of a message once, when it is sent. Whoever was away then finds it by polling alone.
    if message.dead_before >= POLL {
        finding
            .evidence("a poll takes", format!("the oldest {POLL}"))
            .hint(format!(
                "{}, so that polls come to it",
                hint::dead_messages(evidence)
            ))
    } else {
        finding.hint("run `cluster-verify queues` to see who takes from it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{LastDone, Observed};

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
    fn a_long_queue_of_which_work_is_done_is_none() {
        let mut evidence = waiting("worker_mail_queue", Some(300));
        let done = |evidence: &mut Evidence, seconds| {
            let at = evidence.taken_at - TimeDelta::seconds(seconds);
            let history = evidence.history.seen_mut();
            let last = history.last_done.entry("mail".into()).or_default();
            (last.result, last.step) = (Some(at), Some(at));
        };

        done(&mut evidence, 59);
        silent::<BacklogStuck>(&evidence);
        done(&mut evidence, 60);
        fires::<BacklogStuck>(&evidence);

        let mut evidence = waiting("orchestration_step_results", Some(300));
        done(&mut evidence, 59);
        silent::<BacklogStuck>(&evidence);
    }

    #[test]
    fn one_that_others_were_taken_before_is_a_finding_though_the_queue_moves() {
        let passed_over = |by_seconds, dead_before| {
            let mut evidence = waiting("worker_mail_queue", Some(300));
            let queues = &mut evidence.database.seen_mut().queues;
            let queue = queues.iter_mut().find(|it| it.name == "worker_mail_queue");
            queue.unwrap().passed_over = Some(PassedOver {
                message: 7,
                step: "s".into(),
                age_seconds: 300,
                by_seconds,
                dead_before,
            });
            let last = evidence.history.seen_mut().last_done.entry("mail".into());
            last.or_default().result = Some(evidence.taken_at);
            evidence
        };
        silent::<BacklogStuck>(&passed_over(60, POLL));

        let findings = fires::<BacklogStuck>(&passed_over(61, POLL));

        assert_eq!(findings[0].subject, "queue worker_mail_queue, passed over");
        let hint = |findings: &[Finding]| findings[0].hint.clone();
        assert!(hint(&findings).contains("--dead-messages"));
        // Fewer are no wall: something else is.
        let findings = fires::<BacklogStuck>(&passed_over(61, POLL - 1));
        assert!(!hint(&findings).contains("--dead-messages"));
    }

    #[test]
    fn work_of_another_namespace_takes_nothing_from_the_queue() {
        let mut evidence = waiting("worker_mail_queue", Some(300));
        let done = LastDone {
            result: Some(evidence.taken_at),
            step: Some(evidence.taken_at),
        };
        let history = evidence.history.seen_mut();
        history.last_done.insert("parcel".into(), done);

        fires::<BacklogStuck>(&evidence);
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
