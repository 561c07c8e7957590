use crate::check::{Check, Code, Finding};
use crate::checks::duty::runs;
use crate::checks::hint;
use crate::evidence::{Evidence, Observed, Unseen};

/// A running instance does not answer on its port.
///
/// `/health` answers 200 whatever is wrong inside, so that only silence counts here.
pub struct Unreachable;

impl Check for Unreachable {
    const CODE: Code = Code::new(401);
    const NAME: &'static str = "unreachable";
    const TITLE: &'static str = "every running instance answers on its port";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let mut findings = Vec::new();
        for (service, instance) in topology.instances() {
            let id = &instance.id;
            let nobody = || Unseen::new(format!("endpoints of {id}"), "this run did not ask");
            let Observed::Unseen(unseen) = &evidence.endpoints.get(id).ok_or_else(nobody)?.health
            else {
                continue;
            };
            if !unseen.was_looked_for() {
                return Err(unseen.clone());
            }
            // Without a look at processes, silence alone is the finding.
            if evidence.system.ok().is_some() && !runs(evidence, id)? {
                continue;
            }
            let process = evidence
                .system
                .ok()
                .and_then(|system| system.of_instance(id));
            let mut finding = Finding::about(id)
                .observed(format!("no answer to GET /health: {}", unseen.why))
                .evidence("url", format!("{}/health", instance.base_url()))
                .hint(hint::logs(evidence, id));
            if let Some(process) = process {
                finding = finding
                    .evidence("pid", process.pid)
                    .evidence("state", &process.state);
                let age = process
                    .started_at
                    .map(|at| (evidence.taken_at - at).num_seconds());
                if let Some(age) = age {
                    finding = finding.evidence("seconds since its start", age);
                }
                if age.is_some_and(|age| age < i64::from(service.ready_timeout_seconds)) {
                    finding =
                        finding.hint("run `cluster-verify check --wait`: it is still starting");
                }
            }
            findings.push(finding);
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, given_by_addresses, silent, unknown};

    fn without_answer(why: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.health = Observed::unseen("/health", why);
        evidence
    }

    #[test]
    fn a_running_instance_that_does_not_answer_is_a_finding() {
        let findings = fires::<Unreachable>(&without_answer("timed out after 2 s"));

        assert_eq!(findings[0].subject, "worker-rust-1");
        assert_eq!(findings[0].evidence["url"], "http://127.0.0.1:8100/health");
        assert_eq!(findings[0].hint, "run `./dev logs worker-rust-1`");
    }

    #[test]
    fn one_that_began_a_moment_ago_is_to_be_waited_for() {
        let mut evidence = without_answer("connection refused");
        evidence.taken_at -= chrono::TimeDelta::seconds(58);

        let findings = fires::<Unreachable>(&evidence);

        assert!(findings[0].hint.contains("--wait"), "{}", findings[0].hint);
    }

    #[test]
    fn without_a_look_at_processes_silence_is_enough() {
        let mut evidence = without_answer("connection refused");
        evidence.system = Observed::not_looked("processes");

        fires::<Unreachable>(&evidence);
    }

    #[test]
    fn an_instance_of_another_cluster_is_named_by_its_address() {
        let mut evidence = given_by_addresses(without_answer("connection refused"));
        evidence.system = Observed::not_looked("processes");

        let findings = fires::<Unreachable>(&evidence);

        let address = "http://worker-rust-1.example:8100";
        assert_eq!(findings[0].evidence["url"], format!("{address}/health"));
        assert!(findings[0].hint.ends_with(address), "{}", findings[0].hint);
    }

    #[test]
    fn an_instance_that_does_not_run_is_another_finding() {
        let mut evidence = without_answer("connection refused");
        evidence
            .system
            .seen_mut()
            .processes
            .retain(|process| process.pid != 102);

        silent::<Unreachable>(&evidence);
    }

    #[test]
    fn an_instance_that_is_held_is_another_finding() {
        let mut evidence = without_answer("timed out after 2 s");
        evidence.system.seen_mut().processes[2].state = "Stop".into();

        silent::<Unreachable>(&evidence);
    }

    #[test]
    fn an_error_is_an_answer() {
        let mut evidence = Evidence::healthy();
        let endpoints = evidence.endpoints.get_mut("worker-rust-1").unwrap();
        endpoints.health.seen_mut().status = 500;

        silent::<Unreachable>(&evidence);
    }

    #[test]
    fn a_run_that_did_not_ask_knows_nothing() {
        let mut evidence = Evidence::healthy();
        evidence.endpoints.remove("worker-rust-1");

        unknown::<Unreachable>(&evidence);
    }
}
