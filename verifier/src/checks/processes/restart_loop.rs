use super::restarts::restarted;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// A process ends again and again soon after each start.
pub struct RestartLoop;

impl Check for RestartLoop {
    const CODE: Code = Code::new(213);
    const NAME: &'static str = "restart-loop";
    const TITLE: &'static str = "no process is restarted over and over";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        Ok(restarted(evidence)?
            .iter()
            .filter(|it| it.loops)
            .map(|it| {
                Finding::about(it.name)
                    .observed(format!(
                        "process-compose started it again {} times, more than once a minute",
                        it.supervised.restarts
                    ))
                    .evidence("restarts", it.supervised.restarts)
                    .evidence("last exit status", it.supervised.exit_code)
                    .evidence("process-compose", &it.supervised.status)
                    .hint(format!(
                        "run `./dev logs {}`: its last lines say why it ends",
                        it.name
                    ))
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// A worker-rust-2 that is not ready.
    fn with(restarts: u32, status: &str, age_seconds: i64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let known = &mut evidence.supervisor.seen_mut().processes;
        let supervised = known.get_mut("worker-rust-2").unwrap();
        supervised.restarts = restarts;
        supervised.status = status.into();
        supervised.ready = false;
        let started = evidence.taken_at - TimeDelta::seconds(age_seconds);
        evidence.system.seen_mut().processes[3].started_at = Some(started);
        evidence
    }

    #[test]
    fn one_that_ended_many_times_and_just_started_or_waits_to_is_found() {
        fires::<RestartLoop>(&with(3, "Running", 5));
        fires::<RestartLoop>(&with(3, "Restarting", 500));

        let mut evidence = with(3, "Running", 500);
        evidence.system.seen_mut().processes.pop();
        fires::<RestartLoop>(&evidence);
    }

    #[test]
    fn few_or_rare_restarts_and_one_that_settled_or_was_stopped_are_no_loop() {
        silent::<RestartLoop>(&with(2, "Running", 5));
        silent::<RestartLoop>(&with(30, "Running", 61));
        silent::<RestartLoop>(&with(30, "Completed", 5));

        let mut evidence = with(30, "Running", 5);
        let begin = evidence.taken_at - TimeDelta::hours(1);
        evidence.supervisor.seen_mut().started_at = Some(begin);
        silent::<RestartLoop>(&evidence);

        let mut evidence = with(30, "Running", 11);
        let known = &mut evidence.supervisor.seen_mut().processes;
        known.get_mut("worker-rust-2").unwrap().ready = true;
        silent::<RestartLoop>(&evidence);
    }

    #[test]
    fn without_the_supervisor_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.supervisor = Observed::unseen("the supervisor", "no socket");

        unknown::<RestartLoop>(&evidence);
    }
}
