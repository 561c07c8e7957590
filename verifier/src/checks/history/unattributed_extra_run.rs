use std::collections::BTreeMap;

use super::extra_run::unattributed;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::history::{Run, StepRuns};

/// A handler ran more often than the database asked for, and nothing explains it.
///
/// The engine's tables cannot show this: of two runs only one result is taken.
/// What a handler did to the world outside was done twice all the same.
pub struct UnattributedExtraRun;

const EXAMPLES: usize = 3;

impl Check for UnattributedExtraRun {
    const CODE: Code = Code::new(612);
    const NAME: &'static str = "unattributed-extra-run";
    const TITLE: &'static str = "every run of a handler was asked for, or its cause is known";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let witness = evidence.witness.seen()?;
        let system = evidence.system.seen()?;
        let mut by_instance: BTreeMap<&str, Vec<(&StepRuns, &Run)>> = BTreeMap::new();
        for step in &witness.repeated {
            // A step that the database does not have was of a database that is gone.
            let Some(audits) = witness.audits_of(step.step)? else {
                continue;
            };
            for run in unattributed(witness, system, step, audits) {
                by_instance
                    .entry(&run.instance)
                    .or_default()
                    .push((step, run));
            }
        }
        let findings = by_instance.into_iter().map(|(instance, extra)| {
            let count = extra.len();
            let examples: Vec<String> = extra
                .iter()
                .take(EXAMPLES)
                .map(|(step, run)| example(step, run))
                .collect();
            let runs = if count == 1 { "run" } else { "runs" };
            Finding::about(instance)
                .observed(format!(
                    "the witness has {count} {runs} of it beyond what the database asked for, \
                     of {} runs of {} steps by all",
                    witness.runs, witness.steps
                ))
                .evidence("examples", examples.join("; "))
                .hint(format!("run `cluster-verify task {}`", extra[0].0.task))
                .times(count as u64)
        });
        let findings: Vec<Finding> = findings.collect();
        if findings.is_empty() {
            witness.ensure_readable()?;
        }
        Ok(findings)
    }
}

fn example(step: &StepRuns, run: &Run) -> String {
    let others: Vec<&str> = step
        .runs
        .iter()
        .filter(|other| *other != run)
        .map(|other| other.instance.as_str())
        .collect();
    format!(
        "step {} of task {}, attempt {}, also run by {}",
        step.name,
        step.task,
        run.attempt,
        others.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::history::overlapping_runs::tests::{run_again, with_step};
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::healthy::moment;
    use crate::evidence::{InjectedFault, Observed};
    use crate::history::Audit;

    fn audit(success: bool, milliseconds: i64) -> Audit {
        Audit {
            worker: None,
            success,
            at: moment(milliseconds).wall,
        }
    }

    #[test]
    fn a_second_run_with_one_accepted_result_is_a_finding_for_the_one_whose_was_not() {
        let runs = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-2", 103, 1, Some(30)),
        ];
        let evidence = with_step(&runs, &[audit(true, 12)]);

        let findings = fires::<UnattributedExtraRun>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert!(findings[0].evidence["examples"].contains("also run by worker-rust-1"));
    }

    #[test]
    fn two_accepted_successes_are_one_run_too_many() {
        let runs = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-2", 103, 20, Some(30)),
        ];
        let evidence = with_step(&runs, &[audit(true, 11), audit(true, 31)]);

        let findings = fires::<UnattributedExtraRun>(&evidence);

        assert_eq!(
            (findings[0].subject.as_str(), findings[0].times),
            ("worker-rust-2", 1)
        );
    }

    #[test]
    fn a_run_after_an_accepted_failure_was_asked_for() {
        let runs = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-1", 102, 20, Some(30)),
        ];

        silent::<UnattributedExtraRun>(&with_step(&runs, &[audit(false, 11), audit(true, 31)]));
        silent::<UnattributedExtraRun>(&with_step(&runs, &[audit(false, 11), audit(false, 31)]));
        silent::<UnattributedExtraRun>(&with_step(&runs, &[audit(false, 11)]));
    }

    #[test]
    fn a_run_that_goes_on_from_a_checkpoint_is_no_further_one() {
        let piece = |from, to| Run {
            checkpoint: true,
            ..run_again("worker-rust-1", 102, from, Some(to))
        };
        let last = run_again("worker-rust-1", 102, 40, Some(50));

        silent::<UnattributedExtraRun>(&with_step(
            &[piece(0, 10), piece(20, 30), last.clone()],
            &[audit(true, 51)],
        ));

        let twice = run_again("worker-rust-2", 103, 41, Some(60));
        let findings = fires::<UnattributedExtraRun>(&with_step(
            &[piece(0, 10), last, twice],
            &[audit(true, 51)],
        ));
        assert_eq!(
            (findings[0].subject.as_str(), findings[0].times),
            ("worker-rust-2", 1)
        );
    }

    #[test]
    fn a_run_after_one_that_was_killed_is_a_redelivery() {
        let runs = [
            run_again("worker-rust-1", 999, 0, None),
            run_again("worker-rust-2", 103, 30_000, Some(30_010)),
        ];

        silent::<UnattributedExtraRun>(&with_step(&runs, &[audit(true, 30_011)]));
    }

    #[test]
    fn a_run_whose_process_died_before_it_told_the_result_excuses_another() {
        let runs = [
            run_again("worker-rust-1", 999, 0, Some(10)),
            run_again("worker-rust-2", 103, 30_000, Some(30_010)),
        ];

        silent::<UnattributedExtraRun>(&with_step(&runs, &[audit(true, 30_011)]));
    }

    #[test]
    fn one_crash_excuses_one_run_and_no_more() {
        let runs = [
            run_again("worker-rust-1", 999, 0, None),
            run_again("worker-rust-2", 103, 30_000, Some(30_010)),
            run_again("worker-rust-1", 102, 30_001, Some(30_020)),
        ];

        let findings = fires::<UnattributedExtraRun>(&with_step(&runs, &[audit(true, 30_011)]));

        assert_eq!(findings[0].times, 1);
    }

    #[test]
    fn a_run_that_an_injected_fault_explains_is_none() {
        let runs = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-2", 103, 1, Some(30)),
        ];
        let mut evidence = with_step(&runs, &[audit(true, 12)]);
        let target = evidence.witness.seen_mut().repeated[0].step.to_string();
        let fault = |milliseconds| InjectedFault {
            kind: "redeliver".into(),
            target: target.clone(),
            at: moment(milliseconds).wall,
            until: None,
        };
        evidence.witness.seen_mut().faults = vec![fault(0)];
        silent::<UnattributedExtraRun>(&evidence);

        evidence.witness.seen_mut().faults = vec![fault(5000)];
        fires::<UnattributedExtraRun>(&evidence);
    }

    #[test]
    fn a_step_of_a_database_that_is_gone_is_not_judged() {
        let runs = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-2", 103, 1, Some(30)),
        ];
        let mut evidence = with_step(&runs, &[]);
        evidence.witness.seen_mut().audits = Observed::Seen(BTreeMap::new());

        silent::<UnattributedExtraRun>(&evidence);
    }

    #[test]
    fn a_line_that_cannot_be_read_may_be_of_an_extra_run() {
        let mut evidence = Evidence::healthy();
        evidence.witness.seen_mut().unreadable = vec!["w.jsonl:7: no".into()];

        unknown::<UnattributedExtraRun>(&evidence);
    }

    #[test]
    fn without_the_audit_or_the_witness_nothing_is_known() {
        let runs = [
            run_again("worker-rust-1", 102, 0, Some(10)),
            run_again("worker-rust-2", 103, 1, Some(30)),
        ];
        let mut evidence = with_step(&runs, &[]);
        evidence.witness.seen_mut().audits = Observed::not_looked("the audit");
        unknown::<UnattributedExtraRun>(&evidence);

        evidence.witness = Observed::not_looked("witness files");
        unknown::<UnattributedExtraRun>(&evidence);
    }
}
