//! Attempts, claims and accepted results of a step agree.

use super::Breach;
use crate::history::{StepHistory, StepState, TaskHistory};

/// Each claim counts one attempt, until an operator resets them.
pub fn attempts_mismatch(task: &TaskHistory) -> Vec<Breach> {
    if !task.at_rest() {
        return Vec::new();
    }
    Breach::in_steps(task, |step| {
        let claims = i32::try_from(claims_since_reset(step)).unwrap_or(i32::MAX);
        (claims != step.attempts).then(|| {
            format!(
                "{} attempts counted and {claims} claims recorded",
                step.attempts
            )
        })
    })
}

/// A step may be tried once, and as often as its template says.
pub fn attempts_exceeded(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_steps(task, |step| {
        let most = step.max_attempts.max(1);
        (step.attempts > most)
            .then(|| format!("{} attempts where {most} are allowed", step.attempts))
    })
}

/// Each result that a worker hands in leaves one audit row, and one success is enough.
pub fn audit_count(task: &TaskHistory) -> Vec<Breach> {
    if !task.at_rest() {
        return Vec::new();
    }
    Breach::in_steps(task, |step| {
        let handed_in = step
            .transitions
            .iter()
            .filter(|it| it.to.is_handed_in())
            .count();
        if step.audits.len() != handed_in {
            let rows = step.audits.len();
            return Some(format!(
                "{handed_in} results handed in and {rows} in the audit"
            ));
        }
        let successes = step.audits.iter().filter(|audit| audit.success).count();
        (successes > 1).then(|| format!("{successes} successful results in the audit"))
    })
}

/// A completed step has a result.
pub fn result_missing(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_steps(task, |step| {
        (step.state() == Some(StepState::Complete) && !step.has_result)
            .then(|| "complete, and no result".to_owned())
    })
}

fn claims_since_reset(step: &StepHistory) -> usize {
    step.transitions
        .iter()
        .rev()
        .take_while(|it| !(it.privileged && it.to == StepState::Pending))
        .filter(|it| it.to == StepState::InProgress)
        .count()
}
