use super::diagnosis::diagnose;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A canary that exists did not complete.
///
/// The one check that goes the whole way of a task; so its finding says where the way ends.
pub struct CanaryIncomplete;

impl Check for CanaryIncomplete {
    const CODE: Code = Code::new(502);
    const NAME: &'static str = "canary-incomplete";
    const TITLE: &'static str = "every canary that was created completed";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let canaries = evidence.canaries.seen()?.sent()?;
        // Where a workload must fail, coming to rest is enough; in which state, CV516 judges.
        let must_fail = evidence.canaries.seen()?.end.is_some();
        let incomplete = canaries.iter().filter(|canary| match must_fail {
            true => !canary.at_rest(),
            false => !canary.is_complete(),
        });
        let findings = incomplete.filter_map(|canary| {
            let task = canary.create.task_uuid()?;
            let state = canary.state().unwrap_or("not told by any server");
            let observed = if canary.at_rest() {
                format!("the servers say that it came to rest as {state}")
            } else {
                format!(
                    "after {} ms the servers say that it is {state}",
                    canary.waited_ms
                )
            };
            let finding = Finding::about(canary)
                .observed(observed)
                .evidence("task", task)
                .evidence("template", &canary.template);
            Some(diagnose(evidence, canary, finding))
        });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::checks::testing::{fires, given_by_addresses, silent, unknown};
    use crate::evidence::healthy::moment;
    use crate::evidence::{CreateOutcome, Observed, WitnessView};
    use crate::history::{Line, Runs};

    /// The first canary stands at its first step, which is in this state.
    fn standing_at(state: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.finished_ms = None;
        canary.waited_ms = 15_000;
        for reading in &mut canary.last_readings {
            reading.state = Some("steps_in_process".into());
        }
        canary.steps[0].state = state.into();
        canary.steps[0].message_waiting = state == "enqueued";
        canary.steps[1].state = "pending".into();
        evidence
    }

    #[test]
    fn a_step_that_nobody_takes_is_followed_to_the_variable_and_its_line() {
        let mut evidence = standing_at("enqueued");
        evidence.subscriptions.seen_mut().polls.clear();
        evidence.subscriptions.seen_mut().work.clear();
        for process in &mut evidence.system.seen_mut().processes {
            let environment = process.environment.as_mut().unwrap();
            environment.insert("TASKER_TEMPLATE_PATH".into(), "/config/tasks".into());
        }

        let findings = fires::<CanaryIncomplete>(&evidence);

        let found = &findings[0].evidence;
        assert_eq!(found["step"], "write");
        assert_eq!(found["queue"], "worker_mail_queue");
        assert_eq!(found["message waiting"], "yes");
        assert_eq!(found["subscribers seen"], "none");
        assert_eq!(found["instance"], "worker-rust-1");
        assert_eq!(found["actual"], "/config/tasks");
        assert_eq!(found["origin"], "worker-rust.env:2");
    }

    #[test]
    fn a_step_that_waits_for_a_worker_that_is_down_names_it() {
        let mut evidence = standing_at("enqueued");
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.name != "worker-rust");

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert_eq!(
            findings[0].hint,
            "run `process-compose process start worker-rust-1`"
        );
    }

    #[test]
    fn a_step_whose_message_is_gone_says_so() {
        let mut evidence = standing_at("enqueued");
        evidence.canaries.seen_mut().tasks[0].steps[0].message_waiting = false;

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert!(findings[0].hint.contains("its message is gone"));
    }

    #[test]
    fn a_step_whose_queue_is_gone_says_so() {
        let mut evidence = standing_at("enqueued");
        evidence.database.seen_mut().queues.clear();

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert!(
            findings[0]
                .hint
                .ends_with("worker_mail_queue does not exist")
        );
    }

    #[test]
    fn a_step_in_hand_names_the_process_that_has_it() {
        let mut evidence = standing_at("in_progress");
        let step = &evidence.canaries.seen_mut().tasks[0].steps[0].step_uuid;
        let mut runs = Runs::default();
        runs.add(&Line {
            started: true,
            run: Uuid::from_u128(1),
            task: Uuid::from_u128(2),
            step: step.parse().unwrap(),
            step_name: "write",
            namespace: "mail",
            attempt: 1,
            instance: "worker-rust-1",
            pid: 102,
            at: moment(0),
            ok: None,
            checkpoint: false,
        });
        evidence.witness = Observed::Seen(WitnessView::of(&runs));

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert_eq!(findings[0].evidence["instance"], "worker-rust-1");
    }

    #[test]
    fn a_result_that_no_server_takes_names_the_queue() {
        let findings = fires::<CanaryIncomplete>(&standing_at("enqueued_for_orchestration"));

        assert_eq!(findings[0].evidence["queue"], "orchestration_step_results");
    }

    #[test]
    fn a_step_that_failed_shows_its_error() {
        let mut evidence = standing_at("error");
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.steps[0].result = Some(json!({"error": {"message": "odd number"}}));

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert_eq!(findings[0].evidence["error"], "odd number");
    }

    #[test]
    fn a_task_without_steps_and_a_step_never_enqueued_are_findings() {
        fires::<CanaryIncomplete>(&standing_at("pending"));
        let mut evidence = standing_at("pending");
        evidence.canaries.seen_mut().tasks[0].steps.clear();
        fires::<CanaryIncomplete>(&evidence);
    }

    #[test]
    fn a_task_whose_steps_are_all_complete_is_not_said_to_have_none() {
        let mut evidence = standing_at("complete");
        evidence.canaries.seen_mut().tasks[0].steps[1].state = "complete".into();

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert_eq!(
            findings[0].evidence["step"],
            "none: all 2 are complete, and nobody looks at the task again"
        );
    }

    #[test]
    fn of_another_cluster_no_file_of_this_project_is_named() {
        let mut evidence = given_by_addresses(standing_at("enqueued"));
        evidence.configuration.template_roots.clear();

        let findings = fires::<CanaryIncomplete>(&evidence);

        assert!(
            findings[0]
                .hint
                .contains("which worker should take from worker_mail_queue"),
            "{}",
            findings[0].hint
        );
    }

    #[test]
    fn a_task_that_one_server_has_complete_is_complete() {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.last_readings[1].state = Some("evaluating_results".into());

        silent::<CanaryIncomplete>(&evidence);
    }

    #[test]
    fn a_canary_that_was_refused_is_another_finding() {
        let mut evidence = standing_at("pending");
        let refused = CreateOutcome::Refused {
            status: 503,
            message: "BACKPRESSURE".into(),
        };
        evidence.canaries.seen_mut().tasks[0].create = refused;

        silent::<CanaryIncomplete>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<CanaryIncomplete>(&evidence);
    }
}
