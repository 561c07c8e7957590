use crate::check::{Check, Code, Finding};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};

/// Something was given up: a message in a dead letter queue, or a task in the dead letter table.
pub struct DeadLetter;

impl Check for DeadLetter {
    const CODE: Code = Code::new(316);
    const NAME: &'static str = "dead-letter";
    const TITLE: &'static str = "nothing lies in a dead letter queue or table";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let queues = database.queues.iter();
        let dead = queues.filter(|queue| queue.name.ends_with("_dlq") && queue.messages > 0);
        let mut findings: Vec<Finding> = dead
            .map(|queue| {
                Finding::about(format!("queue {}", queue.name))
                    .observed(format!("PostgreSQL has {} messages in it", queue.messages))
                    .hint(hint::sql(
                        evidence,
                        Database::Queues,
                        &format!("SELECT message FROM pgmq.\"q_{}\"", queue.name),
                    ))
                    .times(u64::try_from(queue.messages).unwrap_or(1))
            })
            .collect();
        findings.extend(database.dead_tasks.seen()?.iter().map(|dead| {
            // What was lost with a step, and what nobody looked at again, have causes of their own.
            let step = match dead.step_on_its_way {
                true => "a step on its way",
                false => "no step on its way",
            };
            Finding::about(format!("task {} in {}, {step}", dead.task, dead.state))
                .observed(format!(
                    "the dead letter table has it, unresolved, for {}",
                    dead.reason
                ))
                .evidence("given up in state", &dead.state)
                .evidence("since", dead.at)
                .hint(format!("run `cluster-verify task {}`", dead.task))
        }));
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{accepted_by_the_project, fires, silent, unknown};
    use crate::evidence::{DeadTask, Observed};

    #[test]
    fn a_message_in_a_dead_letter_queue_is_a_finding() {
        let mut evidence = Evidence::healthy();
        let queues = &mut evidence.database.seen_mut().queues;
        queues
            .iter_mut()
            .find(|queue| queue.name.ends_with("_dlq"))
            .unwrap()
            .messages = 2;

        let findings = fires::<DeadLetter>(&evidence);

        assert_eq!(findings[0].subject, "queue mail_domain_events_dlq");
    }

    #[test]
    fn a_task_that_the_engine_gave_up_is_a_finding() {
        let mut evidence = Evidence::healthy();
        let at = evidence.taken_at;
        evidence.database.seen_mut().dead_tasks = Observed::Seen(vec![DeadTask {
            task: uuid::Uuid::from_u128(1),
            reason: "staleness_timeout".into(),
            state: "steps_in_process".into(),
            at,
            step_on_its_way: true,
        }]);

        let findings = fires::<DeadLetter>(&evidence);

        assert_eq!(
            findings[0].evidence["given up in state"],
            "steps_in_process"
        );
    }

    #[test]
    fn only_a_task_that_nobody_looked_at_again_is_known_of_the_engine() {
        let known = |state: &str, step_on_its_way| {
            let mut evidence = Evidence::healthy();
            let at = evidence.taken_at;
            evidence.database.seen_mut().dead_tasks = Observed::Seen(vec![DeadTask {
                task: uuid::Uuid::from_u128(1),
                reason: "staleness_timeout".into(),
                state: state.into(),
                at,
                step_on_its_way,
            }]);
            accepted_by_the_project::<DeadLetter>(&evidence)[0]
                .known
                .is_some()
        };

        assert!(known("waiting_for_dependencies", false));
        assert!(known("steps_in_process", false));
        assert!(!known("steps_in_process", true));
        assert!(!known("waiting_for_retry", false));
    }

    #[test]
    fn messages_in_other_queues_are_none() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().queues[0].messages = 3;

        silent::<DeadLetter>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_table_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().dead_tasks = Observed::unseen("the table", "missing");

        unknown::<DeadLetter>(&evidence);
    }
}
