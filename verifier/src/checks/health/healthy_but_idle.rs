use crate::check::{Check, Code, Finding};
use crate::checks::consistency::share::{IMPROBABLE, shares};
use crate::checks::duty::duties;
use crate::evidence::{Evidence, Unseen};

/// A worker says that it is ready, took none of the canaries, and that is no chance: they were many, or it was not
/// seen to ask for any.
///
/// This is what TAS-73 looked like from outside: all green, and nothing done.
pub struct HealthyButIdle;

impl Check for HealthyButIdle {
    const CODE: Code = Code::new(410);
    const NAME: &'static str = "healthy-but-idle";
    const TITLE: &'static str =
        "every worker that says it is ready takes canaries, or asks for work while they go";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let shares = shares(evidence)?;
        let duties = duties(evidence)?;
        let mut findings = Vec::new();
        let mut unknown = None;
        for share in shares {
            let id = share.instance;
            if share.own > 0 {
                continue;
            }
            if share.probability(1.0) >= IMPROBABLE {
                match asks_for_work(evidence, id) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(unseen) => {
                        unknown = Some(unseen);
                        continue;
                    }
                }
            }
            let finding = Finding::about(id)
                .observed(format!(
                    "its /health/ready answers 200, and the audit has none of the canaries' {} \
                     steps from it",
                    share.all
                ))
                .evidence("workers of its service", share.workers)
                .evidence("probability", format!("{:.1e}", share.probability(1.0)))
                .hint("run `cluster-verify queues` to see what it takes from");
            let duty = duties.iter().find(|duty| duty.instance.id == id);
            findings.push(
                match duty.and_then(|duty| duty.misdirection(evidence.system.ok())) {
                    Some(misdirection) => misdirection.told(id, finding),
                    None => finding,
                },
            );
        }
        // What is certain is told, whatever else is not.
        match unknown {
            Some(unseen) if findings.is_empty() => Err(unseen),
            _ => Ok(findings),
        }
    }
}

/// Whether the worker took from a queue in this look. Few canaries may all go to its siblings: then this alone tells.
fn asks_for_work(evidence: &Evidence, id: &str) -> Result<bool, Unseen> {
    let subscriptions = evidence.subscriptions.seen()?;
    let waited = subscriptions.window_ms >= subscriptions.cycle_ms
        || duties(evidence)?.iter().any(|duty| {
            let mut all = duty.namespaces.iter();
            duty.instance.id == id && all.any(|namespace| subscriptions.gave_work(namespace))
        });
    match subscriptions.is_alive(id) {
        true => Ok(true),
        false if waited => Ok(false),
        false => Err(Unseen::new(
            format!("whether {id} takes work"),
            "the canaries were too few for it to get one, and the look at the polls too short",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::evidence::healthy::worker_uuid;

    /// All the canaries' steps, so many, were done by worker 1.
    fn done_by_first(steps: usize) -> Evidence {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        let mut step = canary.steps[0].clone();
        step.workers = vec![worker_uuid("worker-rust-1").to_string()];
        canary.steps = vec![step; steps];
        evidence.canaries.seen_mut().tasks.truncate(1);
        evidence
    }

    #[test]
    fn a_ready_worker_that_took_none_of_many_steps_is_a_finding() {
        let findings = fires::<HealthyButIdle>(&done_by_first(24));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
    }

    #[test]
    fn one_that_was_led_elsewhere_is_found_with_the_variable() {
        let mut evidence = done_by_first(24);
        for process in &mut evidence.system.seen_mut().processes {
            let environment = process.environment.as_mut().unwrap();
            environment.insert("TASKER_TEMPLATE_PATH".into(), "/config/tasks".into());
        }

        let findings = fires::<HealthyButIdle>(&evidence);

        assert_eq!(findings[0].evidence["actual"], "/config/tasks");
    }

    #[test]
    fn a_few_steps_may_all_go_to_the_other() {
        silent::<HealthyButIdle>(&done_by_first(12));
    }

    #[test]
    fn a_worker_that_took_none_of_a_few_and_did_not_ask_for_any_is_a_finding() {
        let mut evidence = done_by_first(12);
        evidence
            .subscriptions
            .seen_mut()
            .alive
            .remove("worker-rust-2");

        let findings = fires::<HealthyButIdle>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
    }

    #[test]
    fn without_a_long_enough_look_at_the_polls_a_few_steps_say_nothing() {
        let mut evidence = done_by_first(12);
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions.alive.remove("worker-rust-2");
        subscriptions.window_ms = 1;
        unknown::<HealthyButIdle>(&evidence);

        evidence.subscriptions = Observed::not_looked("subscriptions");
        unknown::<HealthyButIdle>(&evidence);
    }

    #[test]
    fn a_worker_that_does_not_say_that_it_is_ready_is_another_finding() {
        let mut evidence = done_by_first(24);
        let endpoints = evidence.endpoints.get_mut("worker-rust-2").unwrap();
        endpoints.ready.seen_mut().status = 503;

        silent::<HealthyButIdle>(&evidence);
    }

    #[test]
    fn one_that_does_not_run_is_another_finding() {
        let mut evidence = done_by_first(24);
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.pid != 103);

        silent::<HealthyButIdle>(&evidence);
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<HealthyButIdle>(&evidence);
    }
}
