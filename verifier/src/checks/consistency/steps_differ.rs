use std::collections::BTreeSet;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Canary, Evidence, Reading, Unseen};

/// Two servers tell different steps, or different states of them, of one task at rest.
pub struct StepsDiffer;

impl Check for StepsDiffer {
    const CODE: Code = Code::new(504);
    const NAME: &'static str = "steps-differ";
    const TITLE: &'static str = "all servers that answer tell the same steps of a canary at rest";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let canaries = evidence.canaries.seen()?.sent()?;
        Ok(canaries
            .iter()
            .filter(|canary| canary.at_rest())
            .filter_map(finding)
            .collect())
    }
}

fn finding(canary: &Canary) -> Option<Finding> {
    let told = || {
        canary
            .last_readings
            .iter()
            .filter(|reading| reading.status == 200)
    };
    let first = told().next()?;
    let differing: Vec<&Reading> = told()
        .filter(|reading| reading.steps != first.steps)
        .collect();
    if differing.is_empty() {
        return None;
    }
    let task = canary.create.task_uuid()?;
    let names: BTreeSet<&str> = told()
        .flat_map(|reading| &reading.steps)
        .map(|(name, _)| name.as_str())
        .filter(|name| {
            differing
                .iter()
                .any(|reading| state(reading, name) != state(first, name))
        })
        .collect();
    let mut finding = Finding::about(canary)
        .observed("the servers, asked at once for the task at rest, disagree on its steps")
        .evidence("task", task)
        .hint(format!("run `cluster-verify task {task}`"));
    for reading in [first].into_iter().chain(differing) {
        let said: Vec<String> = names
            .iter()
            .map(|name| format!("{name}: {}", state(reading, name).unwrap_or("not told")))
            .collect();
        finding = finding.evidence(&reading.via, said.join(", "));
    }
    Some(finding)
}

fn state<'a>(reading: &'a Reading, step: &str) -> Option<&'a str> {
    let told = reading.steps.iter().find(|(name, _)| name == step);
    told.map(|(_, state)| state.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn second_reading(evidence: &mut Evidence) -> &mut Reading {
        &mut evidence.canaries.seen_mut().tasks[0].last_readings[1]
    }

    #[test]
    fn another_state_of_a_step_is_a_finding_that_names_only_that_step() {
        let mut evidence = Evidence::healthy();
        second_reading(&mut evidence).steps[0].1 = "in_progress".into();

        let findings = fires::<StepsDiffer>(&evidence);

        assert_eq!(findings[0].evidence["orchestration-1"], "send: complete");
        assert_eq!(findings[0].evidence["orchestration-2"], "send: in_progress");
    }

    #[test]
    fn a_step_that_one_server_does_not_tell_is_a_finding() {
        let mut evidence = Evidence::healthy();
        second_reading(&mut evidence).steps.pop();

        let findings = fires::<StepsDiffer>(&evidence);

        assert_eq!(findings[0].evidence["orchestration-2"], "write: not told");
    }

    #[test]
    fn a_server_that_answers_an_error_tells_no_steps() {
        let mut evidence = Evidence::healthy();
        let reading = second_reading(&mut evidence);
        reading.status = 500;
        reading.steps.clear();

        silent::<StepsDiffer>(&evidence);
    }

    #[test]
    fn a_task_that_still_moves_may_be_seen_at_two_moments() {
        let mut evidence = Evidence::healthy();
        second_reading(&mut evidence).steps[0].1 = "in_progress".into();
        evidence.canaries.seen_mut().tasks[0].finished_ms = None;

        silent::<StepsDiffer>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<StepsDiffer>(&evidence);
    }
}
