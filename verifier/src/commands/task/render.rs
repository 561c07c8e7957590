//! The time line as text.

use super::conclusion::Conclusion;
use super::story::{Event, Story, Waiting};

pub fn table(story: &Story) -> String {
    let mut text = format!(
        "task {} of {}/{}\n  created {}, correlation {}\n",
        story.task,
        story.namespace,
        story.template,
        story.created_at.format("%Y-%m-%d %H:%M:%S%.3f UTC"),
        story.correlation
    );
    let longest = |texts: &mut dyn Iterator<Item = &str>| texts.map(str::len).max().unwrap_or(0);
    let name = longest(&mut story.events.iter().filter_map(|it| it.step.as_deref())).max(4);
    let what = longest(&mut story.events.iter().map(|it| it.what.as_str()));
    for event in &story.events {
        text.push_str(&line(event, name, what));
    }
    if let Some(why) = &story.witness_unseen {
        text.push_str(&format!("  {why}\n"));
    }
    for message in &story.messages {
        text.push_str(&waits(message));
    }
    for breach in &story.breaches {
        let subject = breach
            .step
            .as_ref()
            .map_or("task".to_owned(), |step| format!("step {step}"));
        text.push_str(&format!(
            "breaks {}: {subject}: {}\n",
            breach.code, breach.observed
        ));
    }
    text.push_str(&conclusion(story));
    text
}

fn line(event: &Event, name: usize, what: usize) -> String {
    let seconds = event.after_ms as f64 / 1000.0;
    let step = event.step.as_deref().unwrap_or("task");
    let line = format!(
        "{seconds:>9.3}s  {step:<name$}  {:<what$}  {}",
        event.what,
        event.by.as_deref().unwrap_or_default()
    );
    format!("{}\n", line.trim_end())
}

fn waits(waiting: &Waiting) -> String {
    let message = &waiting.message;
    let about = waiting
        .step
        .as_ref()
        .map_or(String::new(), |step| format!(" about step {step}"));
    let hidden = message
        .hidden_until
        .map_or("can be taken now".to_owned(), |until| {
            format!("hidden until {}", until.format("%H:%M:%S%.3f"))
        });
    format!(
        "waits in {}: message {}{about}, sent {}, read {} times,\n  {hidden}\n",
        message.queue,
        message.id,
        message.enqueued_at.format("%H:%M:%S%.3f"),
        message.read_count
    )
}

fn conclusion(story: &Story) -> String {
    let seconds = |ms: &i64| format!("{:.3} s", *ms as f64 / 1000.0);
    match &story.conclusion {
        Conclusion::AtRest {
            state,
            after_ms,
            failed_step,
            error,
            given_up,
        } => {
            let failed = failed_step.as_ref().map_or(String::new(), |step| {
                let error = error.as_deref().unwrap_or("it says nothing of why");
                format!("; step {step} failed: {error}")
            });
            let given_up = given_up.as_ref().map_or(String::new(), |why| {
                format!("; the engine gave it up: {why}")
            });
            format!(
                "conclusion: at rest: {state} after {}{failed}{given_up}\n",
                seconds(after_ms)
            )
        }
        Conclusion::Moving {
            state,
            moved_ms_ago,
        } => format!(
            "conclusion: on its way: {state}, it moved {} ago; run this again\n",
            seconds(moved_ms_ago)
        ),
        Conclusion::Forgotten {
            state,
            still_ms,
            steps,
        } => format!(
            "conclusion: forgotten: all {steps} steps are over, task {state}, no move for {}\n  \
             the last result came while a server had the task in hand and found it not ready: nobody looks again\n  \
             next: `curl -X DELETE {}/v1/tasks/{}` and create it anew\n",
            seconds(still_ms),
            story.server,
            story.task
        ),
        Conclusion::Waits {
            state,
            step,
            due_in_ms,
        } => {
            let when = if *due_in_ms >= 0 {
                format!("is tried again in {}, task {state}", seconds(due_in_ms))
            } else {
                let since = seconds(&-due_in_ms);
                format!("is to be tried again since {since}, task {state}; run this again")
            };
            format!("conclusion: waits: step {step} {when}\n")
        }
        Conclusion::Overdue {
            state,
            still_ms,
            step,
            due_ms_ago,
        } => format!(
            "conclusion: forgotten: step {step} was to be tried again {} ago, task {state}, no move for {}\n  \
             its result came while a server had the task in hand: nobody looks again (`cluster-verify explain CV618`)\n  \
             next: `curl -X DELETE {}/v1/tasks/{}` and create it anew\n",
            seconds(due_ms_ago),
            seconds(still_ms),
            story.server,
            story.task
        ),
        Conclusion::Stuck {
            state,
            still_ms,
            step,
            step_state,
            queue,
            message,
            subscribers,
        } => {
            let place = match step {
                Some(step) => format!(
                    "stuck at step {step}: {}",
                    step_state.as_deref().unwrap_or("without a state")
                ),
                None => "stuck before it had any step".to_owned(),
            };
            let message = message.map_or("no message waits".to_owned(), |reads| {
                format!("its message waits, read {reads} times")
            });
            let takers = if subscribers.is_empty() {
                "nobody was seen to take from the namespace's queue".to_owned()
            } else {
                format!("subscribers {}", subscribers.join(", "))
            };
            format!(
                "conclusion: {place}, task {state}, no move for {}\n  queue {queue}: {message}\n  \
                 {takers}\n  next: `cluster-verify check --only 2,3,4`\n",
                seconds(still_ms)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::conclusion::stands_still;
    use super::super::example::{COMPLETE, ENQUEUED, IN_PROCESS, RETRYING, at, seen};
    use super::super::story::Seen;
    use super::*;
    use crate::collect::postgres::TaskMessage;
    use crate::history::{StepState, TaskState};

    #[test]
    fn a_step_that_nobody_takes_is_where_the_task_is_stuck() {
        let mut seen = seen(&IN_PROCESS, &ENQUEUED);
        seen.messages = vec![TaskMessage {
            queue: "worker_mail_queue".into(),
            id: 5,
            step: Some(Uuid::from_u128(8)),
            enqueued_at: at(55),
            read_count: 0,
            hidden_until: None,
        }];
        seen.subscribers = Some(Vec::new());

        assert!(stands_still(&seen.task, seen.now));
        assert_eq!(
            table(&Story::of(&seen)),
            "task 00000000-0000-0000-0000-000000000007 of mail/send
  created 2026-01-01 00:00:00.000 UTC, correlation 00000000-0000-0000-0000-000000000009
    0.000s  task     created -> pending                   orchestration-1
    0.000s  send_it  created -> pending
    0.010s  task     pending -> initializing              orchestration-1
    0.020s  task     initializing -> enqueuing_steps      orchestration-1
    0.050s  send_it  pending -> enqueued
    0.060s  task     enqueuing_steps -> steps_in_process  orchestration-1
waits in worker_mail_queue: message 5 about step send_it, sent 00:00:00.055, read 0 times,
  can be taken now
conclusion: stuck at step send_it: enqueued, task steps_in_process, no move for 59.940 s
  queue worker_mail_queue: its message waits, read 0 times
  nobody was seen to take from the namespace's queue
  next: `cluster-verify check --only 2,3,4`
"
        );
    }

    #[test]
    fn a_task_whose_steps_are_all_over_is_forgotten() {
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::EvaluatingResults, 80));
        states.push((TaskState::WaitingForDependencies, 95));

        assert!(
            table(&Story::of(&seen(&states, &COMPLETE))).ends_with(
                "conclusion: forgotten: all 1 steps are over, task waiting_for_dependencies, no move for 59.905 s
  the last result came while a server had the task in hand and found it not ready: nobody looks again
  next: `curl -X DELETE http://127.0.0.1:18080/v1/tasks/00000000-0000-0000-0000-000000000007` and create it anew
"
            ),
        );
    }

    #[test]
    fn a_task_that_the_engine_gave_up_says_why() {
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::Error, 50_000));
        let mut seen = seen(&states, &RETRYING);
        seen.given_up = Some("staleness_timeout".into());

        let told = table(&Story::of(&seen));

        assert!(
            told.ends_with(
                "conclusion: at rest: error after 50.000 s; the engine gave it up: staleness_timeout\n"
            ),
            "{told}"
        );
    }

    #[test]
    fn a_retry_that_is_long_due_is_forgotten() {
        let mut seen = seen(&IN_PROCESS, &RETRYING);
        seen.now = at(100_000);
        seen.retry_due = Some(at(2_000));

        assert!(
            table(&Story::of(&seen)).ends_with(
                "conclusion: forgotten: step send_it was to be tried again 98.000 s ago, task steps_in_process, no move for 99.920 s
  its result came while a server had the task in hand: nobody looks again (`cluster-verify explain CV618`)
  next: `curl -X DELETE http://127.0.0.1:18080/v1/tasks/00000000-0000-0000-0000-000000000007` and create it anew
"
            ),
            "{}",
            table(&Story::of(&seen))
        );
    }

    #[test]
    fn a_retry_that_is_not_due_or_only_just_is_waited_for() {
        let mut seen = seen(&IN_PROCESS, &RETRYING);
        let told = |seen: &Seen| table(&Story::of(seen)).lines().last().unwrap().to_owned();

        seen.retry_due = Some(at(64_500));
        assert_eq!(
            told(&seen),
            "conclusion: waits: step send_it is tried again in 4.500 s, task steps_in_process"
        );

        seen.retry_due = Some(at(5_000));
        assert_eq!(
            told(&seen),
            "conclusion: waits: step send_it is to be tried again since 55.000 s, task steps_in_process; run this again"
        );
    }

    #[test]
    fn a_complete_task_is_at_rest_since_its_first_completion() {
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::Complete, 100));

        let story = Story::of(&seen(&states, &COMPLETE));

        assert!(
            table(&story).ends_with("conclusion: at rest: complete after 0.100 s\n"),
            "{}",
            table(&story)
        );
        let accepted = story
            .events
            .iter()
            .find(|event| event.what == "result accepted: success");
        assert_eq!(accepted.unwrap().by.as_deref(), Some("worker-rust-1"));
    }

    #[test]
    fn a_blocked_task_names_the_step_and_its_error() {
        let failed = [
            (StepState::Pending, 0),
            (StepState::Enqueued, 50),
            (StepState::InProgress, 60),
            (StepState::Error, 90),
        ];
        let mut states = IN_PROCESS.to_vec();
        states.push((TaskState::EvaluatingResults, 95));
        states.push((TaskState::BlockedByFailures, 100));
        let mut seen = seen(&states, &failed);
        seen.errors
            .insert("send_it".into(), "no such address".into());

        assert!(table(&Story::of(&seen)).ends_with(
            "conclusion: at rest: blocked_by_failures after 0.100 s; step send_it failed: no such \
             address\n"
        ));
    }
}
