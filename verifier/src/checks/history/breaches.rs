//! From a rule over one task's history to the findings over all that was looked at.

use std::fmt::Display;

use crate::check::{Check, Finding};
use crate::evidence::{Evidence, HistoryView, Unseen};
use crate::history::rules::{self, Breach, Rule};
use crate::history::{State, TaskHistory, Transition};

/// One finding for each kept task that breaks a rule of the check's code, and
/// one for all that were only counted. Where the code has several rules, the subject says which.
///
/// # Errors
/// The history was not looked at.
pub fn findings<C: Check>(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
    let history = evidence.history.seen()?;
    let mut findings = Vec::new();
    for rule in rules::with_code(&C::CODE.to_string()) {
        let mut shown = 0;
        for task in &history.suspects {
            let breaches = (rule.judge)(task);
            if !breaches.is_empty() {
                shown += breaches.len() as u64;
                findings.push(finding(rule, task, &breaches));
            }
        }
        findings.extend(not_kept(history, rule, shown));
    }
    Ok(findings)
}

fn subject(rule: &Rule, task: impl Display) -> String {
    match rule.kind {
        None => format!("task {task}"),
        Some(kind) => format!("task {task}, {kind}"),
    }
}

fn finding(rule: &Rule, task: &TaskHistory, breaches: &[Breach]) -> Finding {
    let first = &breaches[0];
    let place = first
        .step
        .as_ref()
        .map_or(String::new(), |step| format!("step {step}: "));
    let more = match breaches.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more in this task"),
    };
    let mut finding = Finding::about(subject(rule, task.task))
        .observed(format!("the database has {place}{}{more}", first.observed))
        .evidence("template", format!("{}/{}", task.namespace, task.template))
        .hint(format!("run `cluster-verify task {}`", task.task))
        .times(breaches.len() as u64);
    let step = first
        .step
        .as_ref()
        .and_then(|name| task.steps.iter().find(|step| step.name == *name));
    finding = match step {
        Some(step) => finding.evidence("transitions", path(&step.transitions)),
        None => finding.evidence("transitions", path(&task.transitions)),
    };
    finding
}

/// `pending > enqueued > in_progress`, with the beginning of a transition where it is not the end before it.
fn path<S: State>(transitions: &[Transition<S>]) -> String {
    let mut text = String::new();
    let mut end = None;
    for transition in transitions {
        if let (true, Some(from)) = (transition.from != end, transition.from) {
            text.push_str(" | ");
            text.push_str(from.name());
        }
        if !text.is_empty() {
            text.push_str(" > ");
        }
        text.push_str(transition.to.name());
        end = Some(transition.to);
    }
    text.trim_start_matches(" | ").to_owned()
}

fn not_kept(history: &HistoryView, rule: &Rule, shown: u64) -> Option<Finding> {
    let count = history.counts.get(&rule.name())?;
    let more = count.breaches.checked_sub(shown).filter(|more| *more > 0)?;
    let window = history
        .since_seconds
        .map_or("ever created".to_owned(), |seconds| {
            format!("created in the last {seconds} s")
        });
    Some(
        Finding::about(subject(rule, format!("({more} more)")))
            .observed(format!(
                "{} breaches in {} of {} tasks {window}, {shown} of them shown",
                count.breaches, count.tasks, history.tasks
            ))
            .hint("run `cluster-verify check --since 10m` to see the latest alone")
            .times(more),
    )
}

/// Evidence whose history has this task and no other.
#[cfg(test)]
pub fn evidence_of(task: TaskHistory) -> Evidence {
    let mut evidence = Evidence::healthy();
    let mut history = HistoryView::default();
    history.add(task);
    evidence.history = crate::evidence::Observed::Seen(history);
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::history::TaskChainBroken;
    use crate::checks::testing::fires;
    use crate::evidence::healthy::task_history;
    use crate::history::TaskState;

    fn broken() -> TaskHistory {
        let mut task = task_history();
        task.transitions[2].from = Some(TaskState::Pending);
        task.transitions[5].from = Some(TaskState::Pending);
        task
    }

    #[test]
    fn a_task_with_two_breaches_is_one_finding_that_stands_for_both() {
        let findings = fires::<TaskChainBroken>(&evidence_of(broken()));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].times, 2);
        assert!(
            findings[0].observed.ends_with("1 more in this task"),
            "{}",
            findings[0].observed
        );
        let path = &findings[0].evidence["transitions"];
        assert!(
            path.starts_with("pending > initializing | pending > enqueuing_steps"),
            "{path}"
        );
    }

    #[test]
    fn what_was_counted_and_not_kept_is_one_finding_more() {
        let mut evidence = evidence_of(broken());
        evidence
            .history
            .seen_mut()
            .counts
            .get_mut("CV601")
            .unwrap()
            .breaches = 40;

        let findings = fires::<TaskChainBroken>(&evidence);

        assert_eq!(findings.len(), 2);
        assert_eq!(findings[1].times, 38);
    }
}
