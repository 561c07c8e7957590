use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// An instance's process is stopped, or ended and was not reaped.
///
/// The supervisor still counts it among the living, and its connections hold
/// whatever they hold; it serves nobody.
pub struct ProcessStopped;

impl Check for ProcessStopped {
    const CODE: Code = Code::new(210);
    const NAME: &'static str = "process-stopped";
    const TITLE: &'static str = "no instance's process is stopped";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        Ok(topology
            .instances()
            .filter_map(|(_, instance)| {
                let id = &instance.id;
                let process = system.of_instance(id)?;
                let finding = Finding::about(id)
                    .evidence("pid", process.pid)
                    .evidence("state", &process.state);
                if process.is_stopped() {
                    Some(
                        finding
                            .observed(format!("its process {} is stopped", process.pid))
                            .hint(format!("continue it with `kill -CONT {}`", process.pid)),
                    )
                } else if process.is_alive() {
                    None
                } else {
                    Some(
                        finding
                            .observed(format!(
                                "its process {} has ended, and its parent has not noticed",
                                process.pid
                            ))
                            .hint(format!("run `process-compose process restart {id}`")),
                    )
                }
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_state(state: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().processes[3].state = state.into();
        evidence
    }

    #[test]
    fn a_stopped_process_is_found() {
        for state in ["Stop", "Tracing"] {
            let findings = fires::<ProcessStopped>(&with_state(state));

            assert_eq!(findings[0].subject, "worker-rust-2");
            assert_eq!(findings[0].hint, "continue it with `kill -CONT 103`");
        }
    }

    #[test]
    fn one_that_ended_and_gave_up_its_environment_is_found_by_its_pid_file() {
        let mut evidence = with_state("Zombie");
        evidence.system.seen_mut().processes[3].environment = None;

        assert_eq!(
            fires::<ProcessStopped>(&evidence)[0].evidence["state"],
            "Zombie"
        );
    }

    #[test]
    fn one_that_works_sleeps_or_waits_for_the_disk_is_not_stopped() {
        for state in ["Run", "Sleep", "Idle", "UninterruptibleDiskSleep"] {
            silent::<ProcessStopped>(&with_state(state));
        }
    }

    #[test]
    fn without_a_look_at_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<ProcessStopped>(&evidence);
    }
}
