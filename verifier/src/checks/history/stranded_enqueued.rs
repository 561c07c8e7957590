use chrono::TimeDelta;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, OpenStep, OpenTask, Unseen};
use crate::history::{State, StepState};

/// A step or its result is enqueued, and the queue has no message for it: nobody will ever hear of it.
pub struct StrandedEnqueued;

/// The message for a worker is sent right after the transition.
const GRANTED: TimeDelta = TimeDelta::seconds(10);
/// A server takes the message of a result from its queue, and may have others to deal with first.
const GRANTED_RESULT: TimeDelta = TimeDelta::seconds(60);

impl Check for StrandedEnqueued {
    const CODE: Code = Code::new(617);
    const NAME: &'static str = "stranded-enqueued";
    const TITLE: &'static str = "every enqueued step and result has a message in its queue";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let history = evidence.history.seen()?;
        let mut findings = Vec::new();
        for task in &history.open {
            for step in &task.in_flight {
                let granted = match step.state {
                    StepState::Enqueued => GRANTED,
                    state if state.is_handed_in() => GRANTED_RESULT,
                    _ => continue,
                };
                let age = evidence.history_read_at() - step.since;
                if age <= granted {
                    continue;
                }
                let message = step.message.ok_or_else(|| {
                    Unseen::new("the messages of steps in flight", "this run did not look")
                })?;
                if !message {
                    findings.push(finding(task, step, age));
                }
            }
        }
        if findings.is_empty() {
            history.kept_all_open()?;
        }
        Ok(findings)
    }
}

fn finding(task: &OpenTask, step: &OpenStep, age: TimeDelta) -> Finding {
    let queue = if step.state.is_handed_in() {
        "orchestration_step_results".to_owned()
    } else {
        format!("worker_{}_queue", task.namespace)
    };
    Finding::about(format!("task {}", task.task))
        .observed(format!(
            "PostgreSQL has its step {} {} for {} s, and no message for it",
            step.name,
            step.state.name(),
            age.num_seconds()
        ))
        .evidence("step", &step.name)
        .evidence("template", format!("{}/{}", task.namespace, task.template))
        .evidence("queue", queue)
        .hint(format!(
            "run `cluster-verify task {}`, then reset or cancel the task",
            task.task
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::healthy::open_task;

    fn enqueued(seconds: i64, message: Option<bool>) -> Evidence {
        standing(StepState::Enqueued, seconds, message)
    }

    fn standing(state: StepState, seconds: i64, message: Option<bool>) -> Evidence {
        let mut evidence = Evidence::healthy();
        let since = evidence.taken_at - TimeDelta::seconds(seconds);
        let mut task = open_task(state, since);
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
    fn a_result_that_was_handed_in_without_a_message_is_one_after_a_minute() {
        for state in [
            StepState::EnqueuedForOrchestration,
            StepState::EnqueuedAsErrorForOrchestration,
        ] {
            let findings = fires::<StrandedEnqueued>(&standing(state, 61, Some(false)));
            assert_eq!(findings[0].evidence["queue"], "orchestration_step_results");

            silent::<StrandedEnqueued>(&standing(state, 59, Some(false)));
            silent::<StrandedEnqueued>(&standing(state, 600, Some(true)));
        }
    }

    #[test]
    fn its_age_is_that_at_which_the_history_was_read() {
        let mut evidence = enqueued(9, Some(false));
        let begun = evidence.taken_at;
        evidence.history.seen_mut().read_at = Some(begun + TimeDelta::seconds(2));

        fires::<StrandedEnqueued>(&evidence);
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
