use std::collections::{BTreeMap, BTreeSet};

use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, SystemView, Unseen};
use crate::topology::{SERVICE_VARIABLES, Service};

/// The processes of one service differ in a variable that no layer sets.
///
/// Siblings take each other's work: what only one of them has makes the same
/// task end differently from run to run.
pub struct SiblingDrift;

impl Check for SiblingDrift {
    const CODE: Code = Code::new(112);
    const NAME: &'static str = "sibling-drift";
    const TITLE: &'static str = "siblings have the same environment, but for what is their own";

    /// The rendered environments come from the same layers: only processes can drift.
    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        with_processes(Vec::new(), evidence, |system| {
            topology
                .services
                .iter()
                .flat_map(|service| drifts(service, system))
                .collect()
        })
    }
}

fn drifts(service: &Service, system: &SystemView) -> Vec<Finding> {
    let siblings: Vec<(&str, &BTreeMap<String, String>)> = service
        .instances
        .iter()
        .filter_map(|instance| {
            let process = system.of_instance(&instance.id)?;
            let environment = process.environment.as_ref().filter(|all| !all.is_empty())?;
            Some((instance.id.as_str(), environment))
        })
        .collect();
    let names: BTreeSet<&String> = siblings
        .iter()
        .flat_map(|(_, environment)| environment.keys())
        .filter(|name| is_read_by_a_service(name))
        // A rendered variable, and a service's variable from a shell, have codes of their own.
        .filter(|name| !SERVICE_VARIABLES.contains(&name.as_str()))
        .filter(|name| {
            service
                .instances
                .iter()
                .all(|instance| instance.variable(name).is_none())
        })
        .collect();
    names
        .into_iter()
        .filter(|name| {
            let mut values = siblings
                .iter()
                .map(|(_, environment)| environment.get(*name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        })
        .map(|name| {
            let mut finding = Finding::about(&service.name)
                .observed(format!("its processes differ in {name}"))
                .evidence("variable", name)
                .hint(format!(
                    "set {name} in {} or unset it in the shell, then `./dev down` and `./dev up`",
                    service.environment
                ));
            for (id, environment) in &siblings {
                let value = environment.get(name).map_or("not set", String::as_str);
                finding = finding.evidence(id, value);
            }
            finding
        })
        .collect()
}

/// By the engine, by PostgreSQL's client library, or by one of the four runtimes.
fn is_read_by_a_service(name: &str) -> bool {
    let own = [
        "TASKER_RUN_DIR",
        "TASKER_WITNESS_FILE",
        // That they reach the same database is asked elsewhere.
        "DATABASE_URL",
        "PGMQ_DATABASE_URL",
    ];
    let prefixes = [
        "TASKER_", "PG", "RUST_", "RUBY", "PYTHON", "BUN_", "NODE_", "LD_", "DYLD_",
    ];
    let names = ["LOG_LEVEL", "REDIS_URL", "RABBITMQ_URL", "MEMCACHED_URL"];
    let elsewhere = ["TASKER_TEST_", "TASKER_CLUSTER_", "TASKER_POSTGRES_"];
    (names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix)))
        && !own.contains(&name)
        && !elsewhere.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with(name: &str, values: [Option<&str>; 2]) -> Evidence {
        let mut evidence = Evidence::healthy();
        let processes = &mut evidence.system.seen_mut().processes;
        for (process, value) in processes[2..].iter_mut().zip(values) {
            if let Some(value) = value {
                let environment = process.environment.as_mut().unwrap();
                environment.insert(name.into(), value.into());
            }
        }
        evidence
    }

    #[test]
    fn a_variable_that_one_sibling_has_is_found_with_everybodys_value() {
        let findings = fires::<SiblingDrift>(&with("RUST_BACKTRACE", [Some("1"), None]));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust");
        assert_eq!(findings[0].evidence["worker-rust-1"], "1");
        assert_eq!(findings[0].evidence["worker-rust-2"], "not set");
    }

    #[test]
    fn a_variable_with_two_values_is_found() {
        fires::<SiblingDrift>(&with("PGOPTIONS", [Some("-c a=1"), Some("-c a=2")]));
    }

    #[test]
    fn the_same_value_and_what_nobody_reads_are_no_drift() {
        silent::<SiblingDrift>(&with("RUST_BACKTRACE", [Some("1"), Some("1")]));
        silent::<SiblingDrift>(&with("SHLVL", [Some("1"), Some("2")]));
        silent::<SiblingDrift>(&with("TASKER_RUN_DIR", [Some("/r/1"), Some("/r/2")]));
    }

    #[test]
    fn a_rendered_or_a_service_variable_is_somebody_elses_finding() {
        silent::<SiblingDrift>(&with("TASKER_ENV", [Some("test"), Some("production")]));
        silent::<SiblingDrift>(&with("WORKSPACE_PATH", [Some("/w"), None]));
    }

    #[test]
    fn a_sibling_that_does_not_run_does_not_drift() {
        let mut evidence = with("RUST_BACKTRACE", [Some("1"), None]);
        evidence.system.seen_mut().processes.pop();

        silent::<SiblingDrift>(&evidence);
    }

    #[test]
    fn without_a_topology_or_after_a_failed_look_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::unseen("processes", "no permission");
        unknown::<SiblingDrift>(&evidence);

        evidence.topology = Observed::not_looked("the topology");
        unknown::<SiblingDrift>(&evidence);
    }
}
