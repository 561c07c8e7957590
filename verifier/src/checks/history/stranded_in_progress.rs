use chrono::TimeDelta;

use super::extra_run::lives;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, OpenStep, OpenTask, SystemView, Unseen, WitnessView};
use crate::history::StepState;

/// A step is in progress, and the process that had it in hand is gone.
///
/// A claim has no lease: nobody notices, unless the engine gives up the whole task as stale.
pub struct StrandedInProgress;

/// Between a claim and the handler's first line, and between its last line and the result, others get this much.
const GRANTED: TimeDelta = TimeDelta::seconds(60);
/// Handlers that the engine runs at once unless its configuration says otherwise.
const PLACES: u64 = 10;

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
                let age = evidence.history_read_at() - step.since;
                if let Some((observed, instance)) = lost(evidence, task, step, age)? {
                    findings.push(finding(task, step, observed, instance, age));
                }
            }
        }
        if findings.is_empty() {
            history.kept_all_open()?;
        }
        Ok(findings)
    }
}

/// What is known of the hands that the step is not in.
fn lost<'a>(
    evidence: &'a Evidence,
    task: &OpenTask,
    step: &OpenStep,
    age: TimeDelta,
) -> Result<Option<(String, Option<&'a str>)>, Unseen> {
    let (witness, system) = (evidence.witness.seen()?, evidence.system.seen()?);
    Ok(match witness.in_hand(&step.step.to_string()) {
        // Its process may have been started after the processes were looked at.
        Some(run) if lives(system, run) || run.started.wall > evidence.taken_at => None,
        Some(run) => Some((
            format!(
                "the witness has it begun by {} in pid {}, which is gone",
                run.instance, run.pid
            ),
            Some(&run.instance),
        )),
        None if age <= GRANTED || may_wait_its_turn(evidence, witness, system, task, step) => None,
        None => {
            // Neither that it began nor that its worker is busy may stand where nobody read.
            witness.ensure_whole()?;
            let seconds = age.num_seconds();
            Some((
                format!("claimed {seconds} s ago, and no process has its handler at work"),
                None,
            ))
        }
    })
}

/// Whether a worker may have the step without a witness line of it: workers claim more steps than they run at once, and
/// what they claimed waits in a buffer of theirs until a place is free.
fn may_wait_its_turn(
    evidence: &Evidence,
    witness: &WitnessView,
    system: &SystemView,
    task: &OpenTask,
    step: &OpenStep,
) -> bool {
    let mut workers = evidence.identities.iter();
    workers.any(|(id, record)| {
        record.ok().is_some_and(|record| {
            record.namespaces.contains(&task.namespace)
                && record.started_at < step.since
                && system.runs(id)
                && system.of_instance(id).map(|process| process.pid) == Some(record.pid)
                && is_busy(evidence, witness, id, record.pid)
        })
    })
}

/// Whether the process began or ended a handler a moment ago, or has no place free.
fn is_busy(evidence: &Evidence, witness: &WitnessView, id: &str, pid: u32) -> bool {
    let mut processes = witness.processes.iter();
    let own = processes.find(|process| process.instance == id && process.pid == pid);
    let recent = own.is_some_and(|own| evidence.history_read_at() - own.last < GRANTED);
    let open = witness.open.iter().flat_map(|step| &step.runs);
    let open = open.filter(|run| run.finished.is_none() && run.instance == id && run.pid == pid);
    recent || open.count() as u64 >= places(evidence, id)
}

fn places(evidence: &Evidence, id: &str) -> u64 {
    let topology = evidence.topology.ok();
    let path = topology.and_then(|it| it.instance(id)?.1.value("TASKER_CONFIG_PATH"));
    let file = path.and_then(|path| evidence.configuration.engine_files.get(path));
    let set = file.and_then(|file| {
        let key = "worker.mpsc_channels.handler_dispatch.max_concurrent_handlers";
        file.settings.get(key)?.as_u64()
    });
    set.unwrap_or(PLACES)
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

    /// The same in an engine whose first worker began other handlers so many seconds ago, which did not end.
    fn beside(mut evidence: Evidence, handlers: u128, seconds: i64) -> Evidence {
        let begun = evidence.taken_at - TimeDelta::seconds(seconds);
        let mut runs = Runs::default();
        for number in 0..handlers {
            runs.add(&Line {
                started: true,
                run: uuid::Uuid::from_u128(100 + number),
                task: uuid::Uuid::from_u128(200),
                step: uuid::Uuid::from_u128(300 + number),
                step_name: "write",
                namespace: "mail",
                attempt: 1,
                instance: "worker-rust-1",
                pid: 102,
                at: Moment {
                    wall: begun,
                    mono_ns: 1,
                },
                ok: None,
                checkpoint: false,
            });
        }
        evidence.witness = Observed::Seen(WitnessView::of(&runs));
        // It has been up for longer than the step was claimed.
        let record = evidence.identities.get_mut("worker-rust-1").unwrap();
        record.seen_mut().started_at -= TimeDelta::hours(1);
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
    fn of_open_tasks_that_were_not_kept_nothing_is_known() {
        let mut evidence = in_progress(59, None);
        evidence.history.seen_mut().open_tasks = 2;

        unknown::<StrandedInProgress>(&evidence);
    }

    #[test]
    fn a_claim_may_wait_for_its_turn_at_a_worker_that_is_busy() {
        silent::<StrandedInProgress>(&beside(in_progress(300, None), 1, 59));
        silent::<StrandedInProgress>(&beside(in_progress(300, None), 10, 400));
    }

    #[test]
    fn a_claim_waits_for_no_turn_where_places_are_free_or_the_worker_came_later() {
        fires::<StrandedInProgress>(&beside(in_progress(300, None), 9, 61));

        let mut evidence = beside(in_progress(300, None), 1, 5);
        let begun = evidence.taken_at - TimeDelta::seconds(299);
        let record = evidence.identities.get_mut("worker-rust-1").unwrap();
        record.seen_mut().started_at = begun;
        fires::<StrandedInProgress>(&evidence);
    }

    #[test]
    fn a_run_that_began_after_the_look_at_the_processes_may_be_of_a_new_one() {
        let mut evidence = in_progress(2, Some(999));
        evidence.taken_at -= TimeDelta::seconds(3);

        silent::<StrandedInProgress>(&evidence);
    }

    #[test]
    fn where_only_the_ends_were_read_a_missing_line_tells_nothing() {
        let mut evidence = in_progress(61, None);
        evidence.witness.seen_mut().skipped = 1;
        unknown::<StrandedInProgress>(&evidence);

        let mut evidence = in_progress(2, Some(999));
        evidence.witness.seen_mut().skipped = 1;
        fires::<StrandedInProgress>(&evidence);
    }

    #[test]
    fn without_the_witness_nothing_is_known_of_a_step_in_progress() {
        let mut evidence = in_progress(600, Some(102));
        evidence.witness = Observed::not_looked("witness files");

        unknown::<StrandedInProgress>(&evidence);
    }
}
