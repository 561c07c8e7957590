use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Identity, OsProcess, Unseen};
use crate::topology::Service;

/// Siblings run different executables or versions, or an engine that the topology does not name.
///
/// Half of a service is still the old build: the same step ends differently
/// depending on who takes it.
pub struct BinaryDiffers;

impl Check for BinaryDiffers {
    const CODE: Code = Code::new(208);
    const NAME: &'static str = "binary-differs";
    const TITLE: &'static str = "siblings run the same build of the same engine";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        evidence.system.seen()?;
        let mut findings = Vec::new();
        for service in &topology.services {
            let running = running(evidence, service)?;
            let of = |value: fn(&Running<'_>) -> Option<String>| -> BTreeMap<&str, String> {
                let values = running.iter().filter_map(|it| Some((it.id, value(it)?)));
                values.collect()
            };
            findings.extend(differing(
                service,
                "executable",
                &of(|it| it.process.executable.clone()),
            ));
            findings.extend(differing(
                service,
                "version",
                &of(|it| Some(it.record?.version.clone())),
            ));
            let engines = of(|it| Some(it.record?.engine_version.clone()));
            let wanted = &topology.engine.version;
            if engines.values().any(|engine| engine != wanted) {
                findings.push(
                    with_values(Finding::about(&service.name), &engines)
                        .observed(format!("it does not run engine {wanted} throughout"))
                        .evidence("topology", wanted)
                        .hint("run `./dev down` and `./dev up`, which builds what has changed"),
                );
            }
        }
        Ok(findings)
    }
}

struct Running<'a> {
    id: &'a str,
    process: &'a OsProcess,
    /// Its own record; that it has none, or another's, has a code of its own.
    record: Option<&'a Identity>,
}

fn running<'a>(evidence: &'a Evidence, service: &'a Service) -> Result<Vec<Running<'a>>, Unseen> {
    let system = evidence.system.seen()?;
    Ok(service
        .instances
        .iter()
        .filter_map(|instance| {
            let id = instance.id.as_str();
            let process = system
                .of_instance(id)
                .filter(|process| process.is_alive())?;
            let record = evidence.identities.get(id).and_then(|record| record.ok());
            Some(Running {
                id,
                process,
                record: record.filter(|record| record.pid == process.pid),
            })
        })
        .collect())
}

fn differing(service: &Service, what: &str, values: &BTreeMap<&str, String>) -> Option<Finding> {
    let mut all = values.values();
    let first = all.next()?;
    if all.all(|value| value == first) {
        return None;
    }
    Some(
        with_values(Finding::about(&service.name), values)
            .observed(format!("its instances differ in their {what}"))
            .hint(format!(
                "run `process-compose process restart` for each of {}",
                values.keys().copied().collect::<Vec<_>>().join(", ")
            )),
    )
}

fn with_values(finding: Finding, values: &BTreeMap<&str, String>) -> Finding {
    values
        .iter()
        .fold(finding, |finding, (id, value)| finding.evidence(id, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn record<'a>(evidence: &'a mut Evidence, id: &str) -> &'a mut Identity {
        evidence.identities.get_mut(id).unwrap().seen_mut()
    }

    #[test]
    fn another_executable_than_the_siblings_is_found() {
        let mut evidence = Evidence::healthy();
        let process = &mut evidence.system.seen_mut().processes[3];
        process.executable = Some("/bin/worker-rust (deleted)".into());

        let findings = fires::<BinaryDiffers>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust");
        assert_eq!(
            findings[0].evidence["worker-rust-2"],
            "/bin/worker-rust (deleted)"
        );
    }

    #[test]
    fn another_version_than_the_siblings_is_found() {
        let mut evidence = Evidence::healthy();
        record(&mut evidence, "orchestration-2").version = "0.2.0".into();

        assert_eq!(
            fires::<BinaryDiffers>(&evidence)[0].subject,
            "orchestration"
        );
    }

    #[test]
    fn an_engine_that_the_topology_does_not_name_is_found_even_if_all_have_it() {
        let mut evidence = Evidence::healthy();
        for id in ["worker-rust-1", "worker-rust-2"] {
            record(&mut evidence, id).engine_version = "0.1.7".into();
        }

        let findings = fires::<BinaryDiffers>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["topology"], "0.1.8");
    }

    #[test]
    fn services_may_differ_from_each_other_and_a_record_of_a_former_process_says_nothing() {
        let mut evidence = Evidence::healthy();
        let former = record(&mut evidence, "worker-rust-2");
        former.pid = 42;
        former.version = "0.0.9".into();

        silent::<BinaryDiffers>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<BinaryDiffers>(&evidence);
    }
}
