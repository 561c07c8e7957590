use chrono::TimeDelta;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::history::StepState;

/// A step is enqueued, and its queue has no message for it: no worker will ever hear of it.
pub struct StrandedEnqueued;

/// The message is sent right after the transition.
const GRANTED: TimeDelta = TimeDelta::seconds(10);

impl Check for StrandedEnqueued {
    const CODE: Code = Code::new(617);
    const NAME: &'static str = "stranded-enqueued";
    const TITLE: &'static str = "every enqueued step has a message in its queue";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let history = evidence.history.seen()?;
        let mut findings = Vec::new();
        for task in &history.open {
            for step in task
                .in_flight
                .iter()
                .filter(|step| step.state == StepState::Enqueued)
            {
                let age = evidence.taken_at - step.since;
                if age <= GRANTED {
                    continue;
                }
                let message = step.message.ok_or_else(|| {
                    Unseen::new("the messages of steps in flight", "this run did not look")
                })?;
                if message {
                    continue;
                }
                findings.push(
                    Finding::about(format!("task {}", task.task))
                        .observed(format!(
                            "PostgreSQL has its step {} enqueued for {} s, and no message for it",
                            step.name,
                            age.num_seconds()
                        ))
                        .evidence("step", &step.name)
                        .evidence("template", format!("{}/{}", task.namespace, task.template))
                        .evidence("queue", format!("worker_{}_queue", task.namespace))
                        .hint(format!(
                            "run `cluster-verify task {}`, then reset or cancel the task",
                            task.task
                        )),
                );
            }
        }
        if findings.is_empty() {
            history.kept_all_open()?;
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::healthy::open_task;

    fn enqueued(seconds: i64, message: Option<bool>) -> Evidence {
        let mut evidence = Evidence::healthy();
        let since = evidence.taken_at - TimeDelta::seconds(seconds);
        let mut task = open_task(StepState::Enqueued, since);
        task.in_flight[0].message = message;
        evidence.history.seen_mut().open = vec![task];
        evidence
    }

    #[test]
    fn an_enqueued_step_without_a_message_is_a_finding() {
        let findings = fires::<StrandedEnqueued>(&enqueued(11, Some(false)));

        assert_eq!(findings[0].evidence["queue"], "worker_mail_queue");
    }

    #[test]
    fn a_step_whose_message_waits_is_another_findings_matter() {
        silent::<StrandedEnqueued>(&enqueued(600, Some(true)));
    }

    #[test]
    fn a_step_that_was_just_enqueued_may_be_without_its_message() {
        silent::<StrandedEnqueued>(&enqueued(9, Some(false)));
    }

    #[test]
    fn of_open_tasks_that_were_not_kept_nothing_is_known() {
        let mut evidence = enqueued(600, Some(true));
        evidence.history.seen_mut().open_tasks = 2;

        unknown::<StrandedEnqueued>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_queue_nothing_is_known() {
        unknown::<StrandedEnqueued>(&enqueued(11, None));
    }
}
