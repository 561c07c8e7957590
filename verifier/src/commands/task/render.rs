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
        } => {
            let failed = failed_step.as_ref().map_or(String::new(), |step| {
                let error = error.as_deref().unwrap_or("it says nothing of why");
                format!("; step {step} failed: {error}")
            });
            format!(
                "conclusion: at rest: {state} after {}{failed}\n",
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
