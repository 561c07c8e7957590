use super::port_holder::foreign_listener;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Identity, Observed, OsProcess, SystemView, Unseen};
use crate::topology::Instance;

/// A running, ready instance has no identity record, or another process's.
///
/// The record alone joins the instance's name to the engine's ids: without it
/// nobody can say which instance did a step.
pub struct IdentityMissing;

impl Check for IdentityMissing {
    const CODE: Code = Code::new(204);
    const NAME: &'static str = "identity-missing";
    const TITLE: &'static str = "every running instance has written its identity record";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        let mut findings = Vec::new();
        for (_, instance) in topology.instances() {
            // An instance that does not run, or whose port another holds, has a code of its own.
            let Some(process) = system.of_instance(&instance.id).filter(|it| it.is_alive()) else {
                continue;
            };
            let foreign = foreign_listener(system, evidence.supervisor.ok(), instance).is_some();
            if foreign || !is_ready(evidence, &instance.id)? {
                continue;
            }
            let record = evidence.identities.get(&instance.id).ok_or_else(|| {
                Unseen::new(
                    format!("the identity record of {}", instance.id),
                    "nobody looked",
                )
            })?;
            findings.extend(defect(system, instance, process, record));
        }
        Ok(findings)
    }
}

/// The record is written when the instance becomes ready; before, it cannot be missed.
fn is_ready(evidence: &Evidence, id: &str) -> Result<bool, Unseen> {
    if let Some(endpoints) = evidence.endpoints.get(id) {
        return Ok(endpoints
            .ready
            .ok()
            .is_some_and(|answer| answer.status == 200));
    }
    let supervised = evidence.supervisor.seen()?.processes.get(id);
    Ok(supervised.is_some_and(|known| known.status == "Running" && known.ready))
}

fn defect(
    system: &SystemView,
    instance: &Instance,
    process: &OsProcess,
    record: &Observed<Identity>,
) -> Option<Finding> {
    let id = &instance.id;
    let finding = Finding::about(id)
        .evidence("pid", process.pid)
        .hint(format!(
            "run `process-compose process restart {id}`, then `./dev logs {id}`"
        ));
    let record = match record {
        Observed::Unseen(unseen) => {
            return Some(finding.observed(format!(
                "it is ready and has written no identity record: {}",
                unseen.why
            )));
        }
        Observed::Seen(record) => record,
    };
    let of_it =
        process.pid == record.pid || system.carriers(id).iter().any(|it| it.pid == record.pid);
    if record.instance == *id && of_it {
        return None;
    }
    Some(
        finding
            .observed(format!(
                "its identity record is of {} with pid {}, and pid {} runs",
                record.instance, record.pid, process.pid
            ))
            .evidence("record's instance", &record.instance)
            .evidence("record's pid", record.pid)
            .evidence("record's start", record.started_at),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn without_record() -> Evidence {
        let mut evidence = Evidence::healthy();
        let missing = Observed::unseen(
            "the identity record",
            "no file run/worker-rust-2/identity.json",
        );
        evidence.identities.insert("worker-rust-2".into(), missing);
        evidence
    }

    #[test]
    fn a_ready_instance_without_a_record_is_found() {
        let findings = fires::<IdentityMissing>(&without_record());

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["pid"], "103");
    }

    #[test]
    fn a_record_of_an_earlier_process_is_found() {
        let mut evidence = Evidence::healthy();
        evidence
            .identities
            .get_mut("worker-rust-2")
            .unwrap()
            .seen_mut()
            .pid = 42;

        assert_eq!(
            fires::<IdentityMissing>(&evidence)[0].evidence["record's pid"],
            "42"
        );
    }

    #[test]
    fn a_record_of_another_instance_is_found() {
        let mut evidence = Evidence::healthy();
        evidence
            .identities
            .get_mut("worker-rust-2")
            .unwrap()
            .seen_mut()
            .instance = "worker-rust-1".into();

        fires::<IdentityMissing>(&evidence);
    }

    #[test]
    fn an_instance_that_is_not_ready_yet_cannot_have_written_one() {
        let mut evidence = without_record();
        let endpoints = evidence.endpoints.get_mut("worker-rust-2").unwrap();
        endpoints.ready.seen_mut().status = 503;
        silent::<IdentityMissing>(&evidence);

        evidence.endpoints.clear();
        let supervised = evidence
            .supervisor
            .seen_mut()
            .processes
            .get_mut("worker-rust-2")
            .unwrap();
        supervised.ready = false;
        silent::<IdentityMissing>(&evidence);
    }

    #[test]
    fn an_instance_that_does_not_run_or_whose_port_another_holds_is_somebody_elses_finding() {
        let mut evidence = without_record();
        evidence.system.seen_mut().listeners[3].pid = 9999;
        silent::<IdentityMissing>(&evidence);

        let mut evidence = without_record();
        evidence.system.seen_mut().processes.pop();
        silent::<IdentityMissing>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_records_or_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.identities.clear();
        unknown::<IdentityMissing>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");
        unknown::<IdentityMissing>(&evidence);
    }
}
