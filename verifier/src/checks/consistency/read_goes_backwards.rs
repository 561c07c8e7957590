use crate::check::{Check, Code, Finding};
use crate::evidence::{Canary, Evidence, Reading, Unseen};

/// A task that was read through one server after the other went back to where it had been.
///
/// Each read begins after the one before it ended, so the later must not know less.
pub struct ReadGoesBackwards;

impl Check for ReadGoesBackwards {
    const CODE: Code = Code::new(506);
    const NAME: &'static str = "read-goes-backwards";
    const TITLE: &'static str = "a canary read again and again only goes forward";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let canaries = evidence.canaries.seen()?.sent()?;
        Ok(canaries.iter().filter_map(finding).collect())
    }
}

fn finding(canary: &Canary) -> Option<Finding> {
    let good = |reading: &&Reading| reading.status == 200;
    let told: Vec<&Reading> = canary.on_the_way.iter().filter(good).collect();
    let pair = told.windows(2).find(|pair| {
        (is_over(pair[0]) && !is_over(pair[1])) || complete(pair[1]) < complete(pair[0])
    })?;
    let (before, after) = (pair[0], pair[1]);
    let task = canary.create.task_uuid()?;
    Some(
        Finding::about(canary)
            .observed(format!(
                "{} told {}, and {} after it {}",
                before.via,
                words(before),
                after.via,
                words(after)
            ))
            .evidence("task", task)
            .hint(format!("run `cluster-verify task {task}`")),
    )
}

fn is_over(reading: &Reading) -> bool {
    let state = reading.state.as_deref().unwrap_or_default();
    matches!(
        state,
        "complete" | "error" | "cancelled" | "resolved_manually"
    )
}

fn complete(reading: &Reading) -> usize {
    let states = reading.steps.iter().map(|(_, state)| state);
    states.filter(|state| *state == "complete").count()
}

fn words(reading: &Reading) -> String {
    let state = reading.state.as_deref().unwrap_or("no state");
    format!("{state} with {} steps complete", complete(reading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// Read twice: state and how many of two steps are complete.
    fn read(readings: [(&str, usize); 2]) -> Evidence {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        for (reading, (state, steps)) in canary.on_the_way.iter_mut().zip(readings) {
            reading.state = Some(state.into());
            for (index, (_, of_step)) in reading.steps.iter_mut().enumerate() {
                *of_step = if index < steps {
                    "complete"
                } else {
                    "enqueued"
                }
                .into();
            }
        }
        evidence
    }

    #[test]
    fn a_task_that_is_no_longer_over_is_a_finding() {
        let findings =
            fires::<ReadGoesBackwards>(&read([("complete", 2), ("evaluating_results", 2)]));

        assert!(
            findings[0]
                .observed
                .starts_with("orchestration-1 told complete")
        );
    }

    #[test]
    fn a_step_that_is_no_longer_complete_is_a_finding() {
        fires::<ReadGoesBackwards>(&read([("steps_in_process", 1), ("steps_in_process", 0)]));
    }

    #[test]
    fn a_task_goes_round_while_it_has_steps_to_do() {
        silent::<ReadGoesBackwards>(&read([("evaluating_results", 1), ("enqueuing_steps", 1)]));
    }

    #[test]
    fn a_read_that_failed_tells_nothing() {
        let mut evidence = read([("steps_in_process", 1), ("steps_in_process", 0)]);
        evidence.canaries.seen_mut().tasks[0].on_the_way[1].status = 500;

        silent::<ReadGoesBackwards>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<ReadGoesBackwards>(&evidence);
    }
}
