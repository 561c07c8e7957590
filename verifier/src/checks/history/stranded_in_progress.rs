use chrono::TimeDelta;

use super::extra_run::lives;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, OpenStep, OpenTask, SystemView, Unseen, WitnessView};
use crate::history::StepState;

/// A step is in progress, and the process that had it in hand is gone.
///
/// A claim has no lease: nobody notices, and the task waits for ever.
pub struct StrandedInProgress;

/// Between a claim and the handler's first line, and between its last line and the result, others get this much.
const GRANTED: TimeDelta = TimeDelta::seconds(60);

impl Check for StrandedInProgress {
    const CODE: Code = Code::new(616);
    const NAME: &'static str = "stranded-in-progress";
    const TITLE: &'static str = "every step in progress is in the hands of a living process";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let history = evidence.history.seen()?;
        let mut findings = Vec::new();
        for task in &history.open {
            for step in task
                .in_flight
                .iter()
                .filter(|step| step.state == StepState::InProgress)
            {
                let (witness, system) = (evidence.witness.seen()?, evidence.system.seen()?);
                let age = evidence.taken_at - step.since;
                if let Some((observed, instance)) = lost(witness, system, step, age) {
                    findings.push(finding(task, step, observed, instance, age));
                }
            }
        }
        Ok(findings)
    }
}

/// What is known of the hands that the step is not in.
fn lost<'a>(
    witness: &'a WitnessView,
    system: &SystemView,
    step: &OpenStep,
    age: TimeDelta,
) -> Option<(String, Option<&'a str>)> {
    match witness.in_hand(&step.step.to_string()) {
        Some(run) if lives(system, run) => None,
        Some(run) => Some((
            format!(
                "the witness has it begun by {} in pid {}, which is gone",
                run.instance, run.pid
            ),
            Some(&run.instance),
        )),
        None => (age > GRANTED).then(|| {
            let seconds = age.num_seconds();
            (
                format!("claimed {seconds} s ago, and no process has its handler at work"),
                None,
            )
        }),
    }
}

fn finding(
    task: &OpenTask,
    step: &OpenStep,
    observed: String,
    instance: Option<&str>,
    age: TimeDelta,
) -> Finding {
    let finding = Finding::about(format!("task {}", task.task))
        .observed(observed)
        .evidence("step", &step.name)
        .evidence("template", format!("{}/{}", task.namespace, task.template))
        .evidence("seconds in progress", age.num_seconds())
        .hint(format!(
            "run `cluster-verify task {}`, then reset or cancel the task",
            task.task
        ));
    let finding = match step.message {
        Some(true) => finding.evidence("message", "waits to be delivered again"),
        Some(false) => finding.evidence("message", "gone: nobody will take it up again"),
        None => finding,
    };
    match instance {
        Some(instance) => finding.evidence("instance", instance),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::{open_task, task_history};
    use crate::history::{Line, Moment, Runs};

    /// A step claimed so many seconds ago, whose handler began in this process or in none.
    fn in_progress(seconds: i64, pid: Option<u32>) -> Evidence {
        let mut evidence = Evidence::healthy();
        let task = task_history();
        let since = evidence.taken_at - TimeDelta::seconds(seconds);
        evidence.history.seen_mut().open = vec![open_task(StepState::InProgress, since)];
        let mut runs = Runs::default();
        if let Some(pid) = pid {
            runs.add(&Line {
                started: true,
                run: uuid::Uuid::from_u128(1),
                task: task.task,
                step: task.steps[0].step,
                step_name: "write",
                namespace: "mail",
                attempt: 1,
                instance: "worker-rust-1",
                pid,
                at: Moment {
                    wall: since,
                    mono_ns: 1,
                },
                ok: None,
                checkpoint: false,
            });
        }
        evidence.witness = Observed::Seen(WitnessView::of(&runs));
        evidence
    }

    #[test]
    fn a_step_in_the_hands_of_a_process_that_is_gone_is_a_finding_at_once() {
        let findings = fires::<StrandedInProgress>(&in_progress(2, Some(999)));

        assert_eq!(findings[0].evidence["instance"], "worker-rust-1");
        assert_eq!(findings[0].evidence["step"], "write");
    }

    #[test]
    fn a_step_that_no_handler_began_is_one_after_a_minute() {
        fires::<StrandedInProgress>(&in_progress(61, None));
        silent::<StrandedInProgress>(&in_progress(59, None));
    }

    #[test]
    fn a_handler_may_take_its_time() {
        silent::<StrandedInProgress>(&in_progress(600, Some(102)));
    }

    #[test]
    fn without_the_witness_nothing_is_known_of_a_step_in_progress() {
        let mut evidence = in_progress(600, Some(102));
        evidence.witness = Observed::not_looked("witness files");

        unknown::<StrandedInProgress>(&evidence);
    }
}
