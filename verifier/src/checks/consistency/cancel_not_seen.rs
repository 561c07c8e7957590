use crate::check::{Check, Code, Finding};
use crate::evidence::{Cancellation, Evidence, Unseen};

/// A task was cancelled through one server, and a server does not tell that it is.
pub struct CancelNotSeen;

impl Check for CancelNotSeen {
    const CODE: Code = Code::new(515);
    const NAME: &'static str = "cancel-not-seen";
    const TITLE: &'static str = "a task cancelled through one server is at once cancelled for all";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let tried = evidence.canaries.seen()?.cancellation.as_ref();
        let tried = tried.ok_or_else(|| Unseen::new("a cancelled task", "this run did not try"))?;
        Ok(finding(tried).into_iter().collect())
    }
}

fn finding(tried: &Cancellation) -> Option<Finding> {
    let about = || {
        Finding::about(format!("task {}", tried.task))
            .evidence("created via", &tried.created_via)
            .evidence("cancelled via", &tried.via)
    };
    if tried.status == 0 {
        // A server that does not answer has a code of its own.
        return None;
    }
    if !(200..300).contains(&tried.status) {
        return Some(
            about()
                .observed(format!(
                    "{} answered {} to its cancellation",
                    tried.via, tried.status
                ))
                .hint(format!("run `./dev logs {}`", tried.via)),
        );
    }
    let others: Vec<String> = tried
        .readings
        .iter()
        .filter(|reading| reading.status != 0 && reading.state.as_deref() != Some("cancelled"))
        .map(|reading| {
            let told = match (&reading.state, reading.status) {
                (Some(state), 200) => state.clone(),
                (_, status) => format!("HTTP {status}"),
            };
            format!("{}: {told}", reading.via)
        })
        .collect();
    (!others.is_empty()).then(|| {
        about()
            .observed(
                "its cancellation was acknowledged, and servers tell another state right after",
            )
            .evidence("told", others.join(", "))
            .hint(format!("run `cluster-verify task {}`", tried.task))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn tried(evidence: &mut Evidence) -> &mut Cancellation {
        evidence.canaries.seen_mut().cancellation.as_mut().unwrap()
    }

    #[test]
    fn a_server_that_tells_another_state_is_a_finding() {
        let mut evidence = Evidence::healthy();
        tried(&mut evidence).readings[0].state = Some("steps_in_process".into());

        let findings = fires::<CancelNotSeen>(&evidence);

        assert_eq!(
            findings[0].evidence["told"],
            "orchestration-1: steps_in_process"
        );
    }

    #[test]
    fn a_cancellation_that_was_refused_is_a_finding() {
        let mut evidence = Evidence::healthy();
        tried(&mut evidence).status = 500;

        fires::<CancelNotSeen>(&evidence);
    }

    #[test]
    fn a_server_that_does_not_answer_is_another_finding() {
        let mut evidence = Evidence::healthy();
        let reading = &mut tried(&mut evidence).readings[0];
        (reading.status, reading.state) = (0, None);
        silent::<CancelNotSeen>(&evidence);

        tried(&mut evidence).status = 0;
        silent::<CancelNotSeen>(&evidence);
    }

    #[test]
    fn a_run_that_did_not_try_knows_nothing() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().cancellation = None;

        unknown::<CancelNotSeen>(&evidence);
    }
}
