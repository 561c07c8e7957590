//! Why a canary stands still: down its chain from the step to the line that caused it.

use crate::check::Finding;
use crate::checks::duty::{Duty, duties, runs, subscribers};
use crate::checks::hint;
use crate::evidence::{Canary, CanaryStep, Evidence};

/// Adds to a finding what is known of the cause; the most specific cause gives the hint.
pub fn diagnose(evidence: &Evidence, canary: &Canary, finding: Finding) -> Finding {
    let Some(step) = stuck(canary) else {
        return without_step(evidence, canary, finding);
    };
    let finding = finding
        .evidence("step", &step.name)
        .evidence("step state", &step.state)
        .evidence("attempts", step.attempts);
    match step.state.as_str() {
        "pending" => finding.hint(format!(
            "{}: no server enqueues it",
            hint::logs(evidence, &canary.via)
        )),
        "enqueued" => not_taken(evidence, canary, step, finding),
        "in_progress" => in_hand(evidence, step, finding),
        "enqueued_for_orchestration" | "enqueued_as_error_for_orchestration" => finding
            .evidence("queue", "orchestration_step_results")
            .hint(format!(
                "{}: no server takes the step's result",
                hint::logs(evidence, &canary.via)
            )),
        _ => failed(canary, step, finding),
    }
}

/// What stands still at none of its steps.
fn without_step(evidence: &Evidence, canary: &Canary, finding: Finding) -> Finding {
    if canary.steps.is_empty() {
        return finding
            .evidence(
                "step",
                "none: the server created the task and never its steps",
            )
            .hint(hint::logs(evidence, &canary.via));
    }
    let task = canary.create.task_uuid().unwrap_or_default();
    finding
        .evidence(
            "step",
            format!(
                "none: all {} are complete, and nobody looks at the task again",
                canary.steps.len()
            ),
        )
        .hint(format!("run `cluster-verify task {task}`"))
}

/// The step on which the others wait: the first that began and did not end, else the first that did not begin.
fn stuck(canary: &Canary) -> Option<&CanaryStep> {
    let begun = |step: &&CanaryStep| step.state != "complete" && step.state != "pending";
    let open = |step: &&CanaryStep| step.state != "complete";
    canary
        .steps
        .iter()
        .find(begun)
        .or_else(|| canary.steps.iter().find(open))
}

fn not_taken(evidence: &Evidence, canary: &Canary, step: &CanaryStep, finding: Finding) -> Finding {
    let queue = format!("worker_{}_queue", canary.namespace);
    let waits = if step.message_waiting { "yes" } else { "no" };
    let mut finding = finding
        .evidence("queue", &queue)
        .evidence("message waiting", waits)
        .hint(format!("run `cluster-verify queues`, then look at {queue}"));
    if let Some(subscriptions) = evidence.subscriptions.ok() {
        let seen = subscribers(evidence, subscriptions, &canary.namespace).unwrap_or_default();
        let seen = if seen.is_empty() {
            "none".to_owned()
        } else {
            seen.join(", ")
        };
        finding = finding.evidence("subscribers seen", seen);
    }
    let database = evidence.database.ok();
    if database.is_some_and(|database| !database.has_queue_of(&canary.namespace)) {
        return finding.hint(format!(
            "run `cluster-verify check --only 307`: {queue} does not exist"
        ));
    }
    if !step.message_waiting {
        return finding.hint("run `cluster-verify task` with the task's id: its message is gone");
    }
    let duties = duties(evidence).unwrap_or_default();
    let mut owners = duties
        .iter()
        .filter(|duty| duty.namespaces.contains(&canary.namespace.as_str()));
    let Some(first) = owners.clone().next() else {
        return finding.hint(if hint::is_foreign(evidence) {
            format!("find out which worker should take from {queue}, and read its log")
        } else {
            "add a worker for the namespace to config/cluster.toml".to_owned()
        });
    };
    let misled = owners
        .clone()
        .find_map(|duty| Some((duty, duty.misdirection(evidence.system.ok())?)));
    if let Some((duty, misdirection)) = misled {
        let finding = finding.evidence("instance", &duty.instance.id);
        return misdirection.told(&duty.instance.id, finding);
    }
    let absent = |duty: &&Duty<'_>| runs(evidence, &duty.instance.id) == Ok(false);
    match owners.find(absent) {
        Some(duty) => finding
            .evidence("instance", format!("{} does not run", duty.instance.id))
            .hint(format!(
                "run `process-compose process start {}`",
                duty.instance.id
            )),
        None => finding.hint(hint::logs(evidence, &first.instance.id)),
    }
}

fn in_hand(evidence: &Evidence, step: &CanaryStep, finding: Finding) -> Finding {
    let witness = evidence.witness.ok();
    match witness.and_then(|witness| witness.in_hand(&step.step_uuid)) {
        Some(run) => finding
            .evidence("instance", &run.instance)
            .evidence(
                "handler",
                format!(
                    "began at {} in pid {} and did not end",
                    run.started.wall, run.pid
                ),
            )
            .hint(hint::logs(evidence, &run.instance)),
        None => finding
            .evidence("handler", "no witness line says that it began")
            .hint("run `cluster-verify task` with the task's id"),
    }
}

fn failed(canary: &Canary, step: &CanaryStep, finding: Finding) -> Finding {
    let error = step.result.as_ref().and_then(|result| {
        let error = result.get("error")?;
        error
            .get("message")
            .unwrap_or(error)
            .as_str()
            .map(str::to_owned)
    });
    let finding = match error {
        Some(error) => finding.evidence("error", error),
        None => finding,
    };
    let task = canary.create.task_uuid().unwrap_or_default();
    finding.hint(format!("run `cluster-verify task {task}`"))
}
