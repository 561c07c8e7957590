use super::restarts::restarted;
use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// A process ended by itself and was started again.
pub struct Restarting;

impl Check for Restarting {
    const CODE: Code = Code::new(207);
    const NAME: &'static str = "restarting";
    const TITLE: &'static str = "no process had to be started again";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        Ok(restarted(evidence)?
            .iter()
            .filter(|it| !it.loops)
            .map(|it| {
                let age = it
                    .age_seconds
                    .map_or("unknown".to_owned(), |age| format!("{age} s"));
                Finding::about(it.name)
                    .observed(format!(
                        "process-compose started it again {} times since the cluster came up",
                        it.supervised.restarts
                    ))
                    .evidence("restarts", it.supervised.restarts)
                    .evidence("last exit status", it.supervised.exit_code)
                    .evidence("runs since", age)
                    .hint(format!(
                        "run `./dev logs {}` and look for its last end",
                        it.name
                    ))
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_restarts(restarts: u32) -> Evidence {
        let mut evidence = Evidence::healthy();
        let known = &mut evidence.supervisor.seen_mut().processes;
        known.get_mut("worker-rust-2").unwrap().restarts = restarts;
        evidence
    }

    #[test]
    fn a_process_that_was_restarted_and_runs_since_is_found() {
        for restarts in [1, 2, 20] {
            let findings = fires::<Restarting>(&with_restarts(restarts));

            assert_eq!(findings[0].subject, "worker-rust-2");
            assert_eq!(findings[0].evidence["runs since"], "60 s");
        }
    }

    #[test]
    fn a_loop_and_a_port_that_another_holds_are_somebody_elses_findings() {
        let mut evidence = with_restarts(5);
        evidence.system.seen_mut().processes[3].started_at = Some(evidence.taken_at);
        silent::<Restarting>(&evidence);

        let mut evidence = with_restarts(5);
        evidence.system.seen_mut().listeners[3].pid = 9999;
        silent::<Restarting>(&evidence);
    }

    #[test]
    fn without_the_supervisor_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.supervisor = Observed::unseen("the supervisor", "no socket");

        unknown::<Restarting>(&evidence);
    }
}
