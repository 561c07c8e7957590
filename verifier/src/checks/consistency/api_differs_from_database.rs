use crate::check::{Check, Code, Finding};
use crate::evidence::{Canary, Evidence, Reading, Unseen};

/// A server tells another state of a task at rest, or of one of its steps, than the database has.
pub struct ApiDiffersFromDatabase;

impl Check for ApiDiffersFromDatabase {
    const CODE: Code = Code::new(507);
    const NAME: &'static str = "api-differs-from-database";
    const TITLE: &'static str = "every server tells of a canary at rest what the database has";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for canary in evidence
            .canaries
            .seen()?
            .sent()?
            .iter()
            .filter(|canary| canary.at_rest())
        {
            let state = canary.database_state.as_deref().ok_or_else(|| {
                Unseen::new(
                    "the canaries' states in the database",
                    "this run did not look",
                )
            })?;
            let told = canary
                .last_readings
                .iter()
                .filter(|reading| reading.status == 200);
            findings.extend(told.filter_map(|reading| finding(canary, reading, state)));
        }
        Ok(findings)
    }
}

fn finding(canary: &Canary, reading: &Reading, state: &str) -> Option<Finding> {
    let told = reading.state.as_deref().unwrap_or("no state");
    let mut differences: Vec<String> = Vec::new();
    if told != state {
        differences.push(format!("the task {told}, not {state}"));
    }
    for step in &canary.steps {
        let told = reading.steps.iter().find(|(name, _)| *name == step.name);
        let told = told.map_or("nothing", |(_, state)| state.as_str());
        if told != step.state {
            differences.push(format!("{} {told}, not {}", step.name, step.state));
        }
    }
    let task = canary.create.task_uuid()?;
    (!differences.is_empty()).then(|| {
        Finding::about(canary)
            .observed(format!(
                "{} tells other states than the database has",
                reading.via
            ))
            .evidence("differences", differences.join("; "))
            .evidence("task", task)
            .hint(format!(
                "run `cluster-verify env {} --provenance`",
                reading.via
            ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn first(evidence: &mut Evidence) -> &mut Canary {
        &mut evidence.canaries.seen_mut().tasks[0]
    }

    #[test]
    fn another_state_of_the_task_or_of_a_step_is_a_finding() {
        let mut evidence = Evidence::healthy();
        first(&mut evidence).database_state = Some("error".into());
        let findings = fires::<ApiDiffersFromDatabase>(&evidence);
        assert_eq!(
            findings[0].evidence["differences"],
            "the task complete, not error"
        );

        let mut evidence = Evidence::healthy();
        first(&mut evidence).steps[0].state = "in_progress".into();
        let findings = fires::<ApiDiffersFromDatabase>(&evidence);
        assert_eq!(
            findings[0].evidence["differences"],
            "write complete, not in_progress"
        );
    }

    #[test]
    fn a_task_that_still_moves_may_be_seen_at_two_moments() {
        let mut evidence = Evidence::healthy();
        let canary = first(&mut evidence);
        canary.database_state = Some("error".into());
        canary.finished_ms = None;

        silent::<ApiDiffersFromDatabase>(&evidence);
    }

    #[test]
    fn a_server_that_answers_an_error_tells_nothing() {
        let mut evidence = Evidence::healthy();
        let canary = first(&mut evidence);
        canary.database_state = Some("error".into());
        for reading in &mut canary.last_readings {
            reading.status = 500;
        }

        silent::<ApiDiffersFromDatabase>(&evidence);
    }

    #[test]
    fn without_the_database_or_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        first(&mut evidence).database_state = None;
        unknown::<ApiDiffersFromDatabase>(&evidence);

        evidence.canaries = Observed::not_looked("canaries");
        unknown::<ApiDiffersFromDatabase>(&evidence);
    }
}
