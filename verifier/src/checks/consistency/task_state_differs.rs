use crate::check::{Check, Code, Finding};
use crate::evidence::{Canary, Evidence, Unseen};

/// Two servers tell different states of one task that no longer moves.
pub struct TaskStateDiffers;

impl Check for TaskStateDiffers {
    const CODE: Code = Code::new(503);
    const NAME: &'static str = "task-state-differs";
    const TITLE: &'static str = "all servers that answer tell the same state of a canary at rest";

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
    // A server that does not answer says nothing, and has a code of its own.
    let told: Vec<(&str, String)> = canary
        .last_readings
        .iter()
        .filter(|reading| reading.status != 0)
        .map(|reading| {
            let state = match (reading.status, &reading.state) {
                (200, Some(state)) => state.clone(),
                (200, None) => "no state".to_owned(),
                (status, _) => format!("HTTP {status}"),
            };
            (reading.via.as_str(), state)
        })
        .collect();
    if told.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        return None;
    }
    let task = canary.create.task_uuid()?;
    let mut finding = Finding::about(canary)
        .observed("the servers, asked at once for the task at rest, disagree")
        .evidence("task", task)
        .hint(format!("run `cluster-verify task {task}`"));
    for (via, state) in told {
        finding = finding.evidence(via, state);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn second_reading(evidence: &mut Evidence) -> &mut crate::evidence::Reading {
        &mut evidence.canaries.seen_mut().tasks[0].last_readings[1]
    }

    #[test]
    fn two_states_of_one_task_are_a_finding() {
        let mut evidence = Evidence::healthy();
        second_reading(&mut evidence).state = Some("evaluating_results".into());

        let findings = fires::<TaskStateDiffers>(&evidence);

        assert_eq!(findings[0].evidence["orchestration-1"], "complete");
        assert_eq!(
            findings[0].evidence["orchestration-2"],
            "evaluating_results"
        );
    }

    #[test]
    fn a_server_that_does_not_know_the_task_differs() {
        let mut evidence = Evidence::healthy();
        let reading = second_reading(&mut evidence);
        (reading.status, reading.state) = (404, None);

        fires::<TaskStateDiffers>(&evidence);
    }

    #[test]
    fn a_server_that_does_not_answer_says_nothing() {
        let mut evidence = Evidence::healthy();
        let reading = second_reading(&mut evidence);
        (reading.status, reading.state) = (0, None);

        silent::<TaskStateDiffers>(&evidence);
    }

    #[test]
    fn a_task_that_still_moves_may_be_seen_at_two_moments() {
        let mut evidence = Evidence::healthy();
        second_reading(&mut evidence).state = Some("evaluating_results".into());
        evidence.canaries.seen_mut().tasks[0].finished_ms = None;

        silent::<TaskStateDiffers>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<TaskStateDiffers>(&evidence);
    }
}
