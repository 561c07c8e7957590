//! Runs of a step's handler that nothing accounts for.

use chrono::TimeDelta;

use crate::evidence::{InjectedFault, SystemView, WitnessView};
use crate::history::{Audit, Run, StepRuns};

/// A process that ends within this after a run took the run's result with it.
const TAKEN_ALONG: TimeDelta = TimeDelta::seconds(2);
/// A message that a fault left behind comes back after at most the visibility timeout of either profile.
const COMES_BACK: TimeDelta = TimeDelta::seconds(60);
/// The audit's time is its transaction's, the run's end is the handler's: they may be this much out of order.
const SLACK: TimeDelta = TimeDelta::seconds(1);

/// The runs beyond those that the database asked for, less those that have a cause.
///
/// The first run is asked for, and so is one after each failure that was
/// accepted. Of the others, one is excused for each run that was lost in a
/// crash, and each that a fault injected on purpose explains. A run that ended
/// in a checkpoint is a part of the one that went on from there.
pub fn unattributed<'a>(
    witness: &WitnessView,
    system: &SystemView,
    step: &'a StepRuns,
    audits: &[Audit],
) -> Vec<&'a Run> {
    let whole: Vec<&Run> = step.runs.iter().filter(|run| !run.checkpoint).collect();
    let failures = audits.iter().filter(|audit| !audit.success).count();
    let mut extra = whole.len().saturating_sub(failures + 1);
    let accepted = accepted(&whole, audits);
    let lost = |index: usize| !accepted[index] && is_lost(witness, system, whole[index]);
    let crashes = (0..whole.len()).filter(|index| lost(*index)).count();
    extra = extra.saturating_sub(crashes);
    // The latest that were not accepted; where all were, the latest.
    let mut order: Vec<usize> = (0..whole.len()).filter(|index| !lost(*index)).collect();
    order.sort_by_key(|index| (accepted[*index], std::cmp::Reverse(*index)));
    let mut runs: Vec<&Run> = order
        .into_iter()
        .take(extra)
        .map(|index| whole[index])
        .collect();
    runs.retain(|run| {
        !witness
            .faults
            .iter()
            .any(|fault| explains(fault, step, run))
    });
    runs
}

/// For each run, whether an audited result is its own: the one that ended nearest to it.
fn accepted(runs: &[&Run], audits: &[Audit]) -> Vec<bool> {
    let mut accepted = vec![false; runs.len()];
    for audit in audits {
        let distance = |index: usize| {
            let ended = runs[index].finished?.wall;
            (ended <= audit.at + SLACK).then(|| (audit.at - ended).abs())
        };
        let candidate = (0..runs.len())
            .filter(|index| !accepted[*index])
            .filter_map(|index| Some((distance(index)?, index)))
            .min();
        if let Some((_, index)) = candidate {
            accepted[index] = true;
        }
    }
    accepted
}

/// Whether the run's process died in the run, or right after it, before it told the result.
fn is_lost(witness: &WitnessView, system: &SystemView, run: &Run) -> bool {
    if lives(system, run) {
        return false;
    }
    let Some(finished) = run.finished else {
        return true;
    };
    let last = witness
        .processes
        .iter()
        .find(|process| process.instance == run.instance && process.pid == run.pid)
        .map(|process| process.last);
    last.is_none_or(|last| last - finished.wall <= TAKEN_ALONG)
}

/// Whether the process that ran it still serves the instance.
pub fn lives(system: &SystemView, run: &Run) -> bool {
    system.process(run.pid).is_some_and(|process| {
        process.is_alive() && process.instance().is_none_or(|id| id == run.instance)
    })
}

fn explains(fault: &InjectedFault, step: &StepRuns, run: &Run) -> bool {
    let target = fault.target.as_str();
    let meant = target == step.step.to_string()
        || target == step.task.to_string()
        || step.runs.iter().any(|run| run.instance == target);
    let over = fault.until.unwrap_or(fault.at) + COMES_BACK;
    meant && (fault.at..=over).contains(&run.started.wall)
}
