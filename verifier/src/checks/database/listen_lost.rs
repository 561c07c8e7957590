use crate::check::{Check, Code, Finding};
use crate::checks::duty::runs;
use crate::evidence::{Evidence, Unseen, deployment_mode_key};
use crate::topology::{Instance, Service};

/// An instance that should be told of new messages does not listen.
///
/// It polls on, so nothing is lost; but a step then waits for the poll to come
/// round, five seconds for each other namespace.
pub struct ListenLost;

impl Check for ListenLost {
    const CODE: Code = Code::new(311);
    const NAME: &'static str = "listen-lost";
    const TITLE: &'static str = "every running instance that should be told of messages listens";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let sessions = &evidence.database.seen()?.sessions;
        let listens = &evidence.subscriptions.seen()?.listens;
        let mut findings = Vec::new();
        for (service, instance) in evidence.topology.seen()?.instances() {
            let id = &instance.id;
            let own = sessions.iter().filter(|session| session.application == *id);
            let own = own.count();
            // One without a session of its name cannot be told apart from the others.
            if own == 0 || !runs(evidence, id)? {
                continue;
            }
            let mode = deployment_mode(evidence, service, instance)?;
            let listening = listens
                .iter()
                .any(|listen| listen.instance == *id && listen.namespace().is_some());
            if mode != "PollingOnly" && !listening {
                findings.push(
                    Finding::about(id)
                        .observed(format!(
                            "of its {own} sessions in pg_stat_activity none did a LISTEN last"
                        ))
                        .evidence("deployment_mode", mode)
                        .evidence(
                            "configuration",
                            instance.value("TASKER_CONFIG_PATH").unwrap_or("unset"),
                        )
                        .hint(format!("run `process-compose process restart {id}`")),
                );
            }
        }
        Ok(findings)
    }
}

/// `Hybrid`, `EventDrivenOnly` or `PollingOnly`, as the instance's configuration file has it.
fn deployment_mode<'a>(
    evidence: &'a Evidence,
    service: &Service,
    instance: &Instance,
) -> Result<&'a str, Unseen> {
    let mode = evidence
        .configuration
        .deployment_mode(service.role, instance);
    mode.ok_or_else(|| {
        Unseen::new(
            deployment_mode_key(service.role),
            format!("the configuration of {} does not have it", instance.id),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn without_listens_of_second() -> Evidence {
        let mut evidence = Evidence::healthy();
        let subscriptions = evidence.subscriptions.seen_mut();
        subscriptions
            .listens
            .retain(|listen| listen.instance != "worker-rust-2");
        evidence
    }

    #[test]
    fn a_worker_without_a_listening_session_is_a_finding() {
        let findings = fires::<ListenLost>(&without_listens_of_second());

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["deployment_mode"], "Hybrid");
    }

    #[test]
    fn one_that_is_meant_to_poll_only_need_not_listen() {
        let mut evidence = without_listens_of_second();
        let file = evidence
            .configuration
            .engine_files
            .get_mut("worker.toml")
            .unwrap();
        let setting = "worker.event_systems.worker.deployment_mode".to_owned();
        file.settings.insert(setting, "PollingOnly".into());

        silent::<ListenLost>(&evidence);
    }

    #[test]
    fn one_channel_is_enough_since_a_session_shows_only_its_last_statement() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions.seen_mut().listens[0].channel = "pgmq_message_ready.other".into();

        silent::<ListenLost>(&evidence);
    }

    #[test]
    fn an_instance_that_does_not_run_or_has_no_session_of_its_name_is_another_finding() {
        let mut evidence = without_listens_of_second();
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.pid != 103);
        silent::<ListenLost>(&evidence);

        let mut evidence = without_listens_of_second();
        let sessions = &mut evidence.database.seen_mut().sessions;
        sessions.retain(|session| session.application != "worker-rust-2");
        silent::<ListenLost>(&evidence);
    }

    #[test]
    fn without_the_sessions_or_the_mode_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.subscriptions = Observed::not_looked("subscriptions");
        unknown::<ListenLost>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();
        unknown::<ListenLost>(&evidence);
    }
}
