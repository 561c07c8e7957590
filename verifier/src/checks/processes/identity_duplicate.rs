use super::supervision::carriers;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Identity, Unseen};

/// Two processes are the same instance, or two instances have the same id of the engine.
///
/// Both take work under one name: nothing that is recorded tells them apart.
pub struct IdentityDuplicate;

impl Check for IdentityDuplicate {
    const CODE: Code = Code::new(205);
    const NAME: &'static str = "identity-duplicate";
    const TITLE: &'static str = "every instance is one process with ids of its own";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings: Vec<Finding> = carriers(evidence)?
            .into_iter()
            .filter(|(_, processes)| processes.len() > 1)
            .map(|(id, processes)| {
                let pids: Vec<String> = processes.iter().map(|it| it.pid.to_string()).collect();
                let mut finding = Finding::about(id)
                    .observed(format!("processes {} all carry this id", pids.join(" and ")))
                    .hint(
                        "run `./dev down`, which also ends what no supervisor knows, then `./dev up`",
                    );
                for process in processes {
                    let since = process
                        .started_at
                        .map_or("an unknown time".to_owned(), |at| at.to_string());
                    let command = process.command.join(" ");
                    let about = format!("pid {}", process.pid);
                    finding = finding.evidence(&about, format!("`{command}`, since {since}"));
                }
                finding
            })
            .collect();
        findings.extend(records(evidence));
        Ok(findings)
    }
}

/// Records of different instances that claim one id of the engine.
fn records(evidence: &Evidence) -> Vec<Finding> {
    let records: Vec<&Identity> = evidence
        .identities
        .values()
        .filter_map(|it| it.ok())
        .collect();
    let mut findings = Vec::new();
    for (index, first) in records.iter().enumerate() {
        for second in &records[index + 1..] {
            let shared = [
                ("worker_uuid", &first.worker_uuid, &second.worker_uuid),
                (
                    "processor_uuid",
                    &first.processor_uuid,
                    &second.processor_uuid,
                ),
            ]
            .into_iter()
            .find(|(_, ours, theirs)| ours.is_some() && ours == theirs);
            let Some((key, Some(id), _)) = shared else {
                continue;
            };
            findings.push(
                Finding::about(format!("{} and {}", first.instance, second.instance))
                    .observed(format!("their identity records have the same {key}"))
                    .evidence(key, id)
                    .evidence(&first.instance, format!("pid {}", first.pid))
                    .evidence(&second.instance, format!("pid {}", second.pid))
                    .hint(format!(
                        "run `process-compose process restart {}`",
                        second.instance
                    )),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// A second worker-rust-2 with pid 77.
    fn with_copy() -> Evidence {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut copy = system.processes[3].clone();
        copy.pid = 77;
        system.processes.push(copy);
        evidence
    }

    #[test]
    fn two_processes_of_one_instance_are_named_both() {
        let findings = fires::<IdentityDuplicate>(&with_copy());

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert!(findings[0].evidence.contains_key("pid 77"));
        assert!(findings[0].evidence.contains_key("pid 103"));
    }

    #[test]
    fn two_records_with_one_worker_uuid_are_found() {
        let mut evidence = Evidence::healthy();
        let shared = evidence.identities["worker-rust-1"]
            .ok()
            .unwrap()
            .worker_uuid
            .clone();
        evidence
            .identities
            .get_mut("worker-rust-2")
            .unwrap()
            .seen_mut()
            .worker_uuid = shared;

        let findings = fires::<IdentityDuplicate>(&evidence);

        assert_eq!(findings[0].subject, "worker-rust-1 and worker-rust-2");
    }

    #[test]
    fn what_an_instance_starts_itself_carries_its_id_by_right() {
        let mut evidence = with_copy();
        evidence.system.seen_mut().processes[4].parent = Some(103);

        silent::<IdentityDuplicate>(&evidence);
    }

    #[test]
    fn another_checkouts_instance_and_one_that_ended_are_no_duplicates() {
        let mut evidence = with_copy();
        evidence.system.seen_mut().processes[4].of_another_cluster = true;
        silent::<IdentityDuplicate>(&evidence);

        let mut evidence = with_copy();
        evidence.system.seen_mut().processes[4].state = "Zombie".into();
        silent::<IdentityDuplicate>(&evidence);
    }

    #[test]
    fn a_stale_copy_that_holds_the_port_is_somebody_elses_finding() {
        let mut evidence = with_copy();
        evidence.system.seen_mut().listeners[3].pid = 77;

        silent::<IdentityDuplicate>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<IdentityDuplicate>(&evidence);
    }
}
