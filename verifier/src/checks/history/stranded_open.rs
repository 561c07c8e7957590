use chrono::{DateTime, TimeDelta, Utc};

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, OpenTask, Unseen};
use crate::history::State;

/// A task is not over, and none of its steps is on its way: nobody is left who would move it.
///
/// A server that died between a result and what follows from it leaves this behind;
/// the engine's own look for stale tasks passes over three of these states.
pub struct StrandedOpen;

const GRANTED: TimeDelta = TimeDelta::seconds(60);

impl Check for StrandedOpen {
    const CODE: Code = Code::new(618);
    const NAME: &'static str = "stranded-open";
    const TITLE: &'static str = "every task that is not over has a step on its way";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let history = evidence.history.seen()?;
        let at = evidence.history_read_at();
        let stranded = history.open.iter().filter_map(|task| {
            let idle = idle_for(task, at)?;
            Some(finding(task, idle))
        });
        let findings: Vec<Finding> = stranded.collect();
        if findings.is_empty() {
            history.kept_all_open()?;
        }
        Ok(findings)
    }
}

/// How long nobody has been at a task that somebody should have moved by now.
fn idle_for(task: &OpenTask, at: DateTime<Utc>) -> Option<TimeDelta> {
    if !task.in_flight.is_empty() {
        return None;
    }
    // Until a retry is due nobody has to move it; one of which nobody knows when it is due may be due yet.
    let since = match (task.waits_for_retry, task.retry_due) {
        (false, _) => task.since,
        (true, due) => due?.max(task.since),
    };
    Some(at - since).filter(|idle| *idle > GRANTED)
}

fn finding(task: &OpenTask, idle: TimeDelta) -> Finding {
    let state = task.state.map_or("without a state", State::name);
    let seconds = idle.num_seconds();
    Finding::about(format!("task {} in {state}", task.task))
        .observed(if task.waits_for_retry {
            format!(
                "the database has its retry due for {seconds} s, and none of its steps in a queue"
            )
        } else {
            format!("the database has none of its steps in a queue or in hand for {seconds} s")
        })
        .evidence("template", format!("{}/{}", task.namespace, task.template))
        .evidence(
            "steps complete",
            format!("{} of {}", task.steps_complete, task.steps),
        )
        .evidence("last transition", task.since)
        .hint(format!(
            "run `cluster-verify task {}`, then cancel or resolve the task",
            task.task
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::open_task;
    use crate::history::StepState;

    /// A task that nothing happened to for so long.
    fn idle(seconds: i64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let since = evidence.taken_at - TimeDelta::seconds(seconds);
        let mut task = open_task(StepState::Enqueued, since);
        task.in_flight.clear();
        evidence.history.seen_mut().open = vec![task];
        evidence
    }

    #[test]
    fn a_task_that_nobody_moves_is_a_finding() {
        let findings = fires::<StrandedOpen>(&idle(61));

        assert!(
            findings[0].subject.ends_with(" in steps_in_process"),
            "{}",
            findings[0].subject
        );
    }

    #[test]
    fn a_task_between_two_moves_is_none() {
        silent::<StrandedOpen>(&idle(59));
    }

    #[test]
    fn a_retry_that_nobody_makes_is_one_a_minute_after_it_was_due() {
        let due = |seconds| {
            let mut evidence = idle(600);
            let at = evidence.taken_at - TimeDelta::seconds(seconds);
            let task = &mut evidence.history.seen_mut().open[0];
            (task.waits_for_retry, task.retry_due) = (true, Some(at));
            evidence
        };

        let findings = fires::<StrandedOpen>(&due(61));
        assert!(findings[0].observed.contains("retry due for 61 s"));
        silent::<StrandedOpen>(&due(59));
        silent::<StrandedOpen>(&due(-30));
    }

    #[test]
    fn a_task_that_waits_for_a_retry_or_a_step_is_none() {
        let mut evidence = idle(600);
        evidence.history.seen_mut().open[0].waits_for_retry = true;
        silent::<StrandedOpen>(&evidence);

        let mut evidence = idle(600);
        let since = evidence.taken_at;
        evidence.history.seen_mut().open = vec![open_task(StepState::InProgress, since)];
        silent::<StrandedOpen>(&evidence);
    }

    #[test]
    fn of_open_tasks_that_were_not_kept_nothing_is_known() {
        let mut evidence = idle(59);
        evidence.history.seen_mut().open_tasks = 2;
        unknown::<StrandedOpen>(&evidence);

        // What was found among those that were kept is no less true.
        let mut evidence = idle(61);
        evidence.history.seen_mut().open_tasks = 2;
        fires::<StrandedOpen>(&evidence);
    }

    #[test]
    fn without_the_history_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.history = Observed::not_looked("history");

        unknown::<StrandedOpen>(&evidence);
    }
}
