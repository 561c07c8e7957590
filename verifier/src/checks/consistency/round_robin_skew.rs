use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Canary, CreateOutcome, Evidence, Unseen};
use crate::topology::Role;

/// Canaries were sent to the servers in turn, and the database says that they were initialised by others.
///
/// Then what answers on a server's port is not that server, or passes its work on.
pub struct RoundRobinSkew;

impl Check for RoundRobinSkew {
    const CODE: Code = Code::new(509);
    const NAME: &'static str = "round-robin-skew";
    const TITLE: &'static str = "every server initialises the canaries that it acknowledged";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let canaries = evidence.canaries.seen()?.sent()?;
        let names = names(evidence)?;
        let mut findings = Vec::new();
        for (_, server) in evidence.topology.seen()?.with_role(Role::Orchestration) {
            let mut creators: Vec<&str> = canaries
                .iter()
                .filter(|canary| canary.via == server.id && is_acknowledged(canary))
                .filter_map(|canary| canary.creator.as_deref())
                .collect();
            let told = creators.len();
            if has_restarted(evidence) {
                // One of before a restart may have been any server's.
                creators.retain(|uuid| names.contains_key(uuid));
            }
            if told > 0 && creators.is_empty() {
                return Err(Unseen::new(
                    format!("who initialised the canaries of {}", server.id),
                    "a server was started again since",
                ));
            }
            let by = |uuid: &str| {
                names
                    .get(uuid)
                    .copied()
                    .unwrap_or("no server of the cluster")
            };
            let own = creators.iter().filter(|uuid| by(uuid) == server.id).count();
            // A readiness poller now and then overtakes the server that is creating the task.
            if own * 2 >= creators.len() {
                continue;
            }
            let mut others: BTreeMap<&str, usize> = BTreeMap::new();
            for uuid in &creators {
                *others.entry(by(uuid)).or_default() += 1;
            }
            let others: Vec<String> = others
                .iter()
                .map(|(name, count)| format!("{name}: {count}"))
                .collect();
            findings.push(
                Finding::about(&server.id)
                    .observed(format!(
                        "it acknowledged {} canaries, of which the database has it as the \
                         initialiser of {own}",
                        creators.len()
                    ))
                    .evidence("initialised by", others.join(", "))
                    .evidence("port", server.port)
                    .hint("run `cluster-verify status` and compare pids and ports"),
            );
        }
        Ok(findings)
    }
}

fn is_acknowledged(canary: &Canary) -> bool {
    matches!(canary.create, CreateOutcome::Created { .. })
}

/// Whether the supervisor started a server again: each process has a processor uuid of its own.
fn has_restarted(evidence: &Evidence) -> bool {
    let Some(supervisor) = evidence.supervisor.ok() else {
        return false;
    };
    evidence.topology.ok().is_some_and(|topology| {
        topology.with_role(Role::Orchestration).any(|(_, server)| {
            let known = supervisor.processes.get(&server.id);
            known.is_some_and(|process| process.restarts > 0)
        })
    })
}

/// The servers by their processor uuid.
fn names(evidence: &Evidence) -> Result<BTreeMap<&str, &str>, Unseen> {
    let mut names = BTreeMap::new();
    for (_, server) in evidence.topology.seen()?.with_role(Role::Orchestration) {
        let Some(record) = evidence.identities.get(&server.id) else {
            continue;
        };
        // One that never ran has no record, and created nothing.
        let Some(identity) = record.if_looked().ok().flatten() else {
            continue;
        };
        if let Some(uuid) = &identity.processor_uuid {
            names.insert(uuid.as_str(), server.id.as_str());
        }
    }
    if names.is_empty() {
        return Err(Unseen::new(
            "identity records of the servers",
            "none has a processor uuid",
        ));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn canaries_that_another_server_initialised_are_a_finding() {
        let mut evidence = Evidence::healthy();
        let tasks = &mut evidence.canaries.seen_mut().tasks;
        tasks[1].creator = tasks[0].creator.clone();

        let findings = fires::<RoundRobinSkew>(&evidence);

        assert_eq!(findings[0].subject, "orchestration-2");
        assert_eq!(findings[0].evidence["initialised by"], "orchestration-1: 1");
    }

    #[test]
    fn a_processor_that_no_record_names_is_told_so() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].creator = Some("another".into());

        let findings = fires::<RoundRobinSkew>(&evidence);

        assert_eq!(
            findings[0].evidence["initialised by"],
            "no server of the cluster: 1"
        );
    }

    #[test]
    fn when_a_restart_hides_all_initialisers_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].creator = Some("before".into());
        let known = &mut evidence.supervisor.seen_mut().processes;
        known.get_mut("orchestration-1").unwrap().restarts = 1;

        unknown::<RoundRobinSkew>(&evidence);
    }

    #[test]
    fn one_of_two_that_a_poller_overtook_is_none() {
        let mut evidence = Evidence::healthy();
        let tasks = &mut evidence.canaries.seen_mut().tasks;
        let mut again = tasks[0].clone();
        again.creator = tasks[1].creator.clone();
        tasks.push(again);

        silent::<RoundRobinSkew>(&evidence);
    }

    #[test]
    fn a_canary_that_was_refused_was_initialised_by_nobody() {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.create = CreateOutcome::Refused {
            status: 503,
            message: "BACKPRESSURE".into(),
        };
        canary.creator = None;

        silent::<RoundRobinSkew>(&evidence);
    }

    #[test]
    fn without_canaries_or_records_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.identities.clear();
        unknown::<RoundRobinSkew>(&evidence);

        evidence.canaries = Observed::not_looked("canaries");
        unknown::<RoundRobinSkew>(&evidence);
    }
}
