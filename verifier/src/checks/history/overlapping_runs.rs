use std::collections::BTreeMap;

use super::extra_run::lives;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::history::{Run, StepRuns};

/// Two runs of one step's handler were at work at the same time.
///
/// A retry comes after the run that failed; at the same moment only two claims
/// of one step can be, and whatever lock the handler takes outside is put to the test.
pub struct OverlappingRuns;

const EXAMPLES: usize = 3;

impl Check for OverlappingRuns {
    const CODE: Code = Code::new(611);
    const NAME: &'static str = "overlapping-runs";
    const TITLE: &'static str = "no two runs of one step's handler overlap";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let witness = evidence.witness.seen()?;
        let mut by_pair: BTreeMap<[&str; 2], Vec<&StepRuns>> = BTreeMap::new();
        for step in &witness.repeated {
            // A step that the database does not have was pruned, or of a database that is gone.
            if witness.audits_of(step.step)?.is_none() {
                continue;
            }
            for (index, run) in step.runs.iter().enumerate() {
                for other in &step.runs[index + 1..] {
                    if overlap(evidence, run, other)? {
                        let mut pair = [run.instance.as_str(), other.instance.as_str()];
                        pair.sort_unstable();
                        by_pair.entry(pair).or_default().push(step);
                    }
                }
            }
        }
        let findings = by_pair.into_iter().map(|([one, other], steps)| {
            let subject = if one == other {
                format!("{one} with itself")
            } else {
                format!("{one} with {other}")
            };
            let examples: Vec<String> = steps
                .iter()
                .take(EXAMPLES)
                .map(|step| format!("step {} of task {}", step.name, step.task))
                .collect();
            Finding::about(subject)
                .observed(format!(
                    "the witness has {} pairs of runs of one step at one time, of {} runs of {} \
                     steps by all",
                    steps.len(),
                    witness.runs,
                    witness.steps
                ))
                .evidence("examples", examples.join("; "))
                .hint(format!("run `cluster-verify task {}`", steps[0].task))
                .times(steps.len() as u64)
        });
        let findings: Vec<Finding> = findings.collect();
        if findings.is_empty() {
            witness.ensure_readable()?;
        }
        Ok(findings)
    }
}

/// A run whose process is at work on it has not ended yet; where that process is gone, nobody knows when it ended.
fn overlap(evidence: &Evidence, run: &Run, later: &Run) -> Result<bool, Unseen> {
    if run.overlaps(later) {
        return Ok(true);
    }
    Ok(run.finished.is_none() && lives(evidence.system.seen()?, run))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::healthy::{moment, task_history};
    use crate::evidence::{Observed, WitnessView};
    use crate::history::{Audit, Line, Runs};

    /// A run from one millisecond to another.
    pub fn run_again(instance: &str, pid: u32, from: i64, to: Option<i64>) -> Run {
        Run {
            instance: instance.into(),
            pid,
            attempt: 1,
            started: moment(from),
            finished: to.map(moment),
            ok: to.map(|_| true),
            checkpoint: false,
        }
    }

    /// A cluster in which the first step was run so, and these results were accepted.
    pub fn with_step(runs: &[Run], audits: &[Audit]) -> Evidence {
        let task = task_history();
        let mut read = Runs::default();
        for (index, run) in runs.iter().enumerate() {
            let ends = [(true, Some(run.started)), (false, run.finished)];
            for (started, at) in ends {
                let Some(at) = at else { continue };
                read.add(&Line {
                    started,
                    run: uuid::Uuid::from_u128(index as u128),
                    task: task.task,
                    step: task.steps[0].step,
                    step_name: &task.steps[0].name,
                    namespace: &task.namespace,
                    attempt: run.attempt,
                    instance: &run.instance,
                    pid: run.pid,
                    at,
                    ok: run.ok,
                    checkpoint: !started && run.checkpoint,
                });
            }
        }
        let mut evidence = Evidence::healthy();
        let mut view = WitnessView::of(&read);
        view.audits = Observed::Seen([(task.steps[0].step, audits.to_vec())].into());
        evidence.witness = Observed::Seen(view);
        evidence
    }

    #[test]
    fn two_workers_at_one_step_at_one_time_are_a_finding() {
        let runs = [
            run_again("worker-rust-2", 103, 0, Some(10)),
            run_again("worker-rust-1", 102, 5, Some(20)),
        ];

        let findings = fires::<OverlappingRuns>(&with_step(&runs, &[]));

        assert_eq!(findings[0].subject, "worker-rust-1 with worker-rust-2");
    }

    #[test]
    fn a_run_that_a_living_process_has_in_hand_overlaps_what_comes_later() {
        let runs = [
            run_again("worker-rust-1", 102, 0, None),
            run_again("worker-rust-1", 102, 5, Some(20)),
        ];

        let findings = fires::<OverlappingRuns>(&with_step(&runs, &[]));

        assert_eq!(findings[0].subject, "worker-rust-1 with itself");
    }

    #[test]
    fn a_retry_and_a_redelivery_after_a_crash_do_not_overlap() {
        let retry = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-2", 103, 10, Some(20)),
        ];
        silent::<OverlappingRuns>(&with_step(&retry, &[]));

        let crash = [
            run_again("worker-rust-1", 999, 0, None),
            run_again("worker-rust-2", 103, 10, Some(20)),
        ];
        silent::<OverlappingRuns>(&with_step(&crash, &[]));
    }

    #[test]
    fn a_line_that_cannot_be_read_hides_nothing_that_was_found() {
        let unreadable = |mut evidence: Evidence| {
            evidence.witness.seen_mut().unreadable = vec!["w.jsonl:7: no".into()];
            evidence
        };
        let overlap = [
            run_again("worker-rust-2", 103, 0, Some(10)),
            run_again("worker-rust-1", 102, 5, Some(20)),
        ];

        unknown::<OverlappingRuns>(&unreadable(Evidence::healthy()));
        fires::<OverlappingRuns>(&unreadable(with_step(&overlap, &[])));
    }

    #[test]
    fn a_step_that_the_database_no_longer_has_is_not_judged() {
        let runs = [
            run_again("worker-rust-2", 103, 0, Some(10)),
            run_again("worker-rust-1", 102, 5, Some(20)),
        ];
        let mut evidence = with_step(&runs, &[]);
        evidence.witness.seen_mut().audits = Observed::Seen(BTreeMap::new());

        silent::<OverlappingRuns>(&evidence);
    }

    #[test]
    fn without_the_witness_or_the_audit_nothing_is_known() {
        let runs = [
            run_again("worker-rust-2", 103, 0, Some(10)),
            run_again("worker-rust-1", 102, 5, Some(20)),
        ];
        let mut evidence = with_step(&runs, &[]);
        evidence.witness.seen_mut().audits = Observed::not_looked("the audit");
        unknown::<OverlappingRuns>(&evidence);

        evidence.witness = Observed::not_looked("witness files");
        unknown::<OverlappingRuns>(&evidence);
    }
}
