use crate::check::{Check, Code, Finding};
use crate::evidence::{Configuration, Evidence, PathState, Unseen};
use crate::topology::{Instance, Service};

/// The engine's configuration file of an instance is unset, absent, or not TOML.
pub struct EngineConfigMissing;

impl Check for EngineConfigMissing {
    const CODE: Code = Code::new(106);
    const NAME: &'static str = "engine-config-missing";
    const TITLE: &'static str = "every instance names an engine configuration that is there";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (service, instance) in evidence.topology.seen()?.instances() {
            findings.extend(defect(&evidence.configuration, service, instance)?);
        }
        Ok(findings)
    }
}

fn defect(
    configuration: &Configuration,
    service: &Service,
    instance: &Instance,
) -> Result<Option<Finding>, Unseen> {
    let finding = Finding::about(&instance.id);
    let Some(variable) = instance.variable("TASKER_CONFIG_PATH") else {
        return Ok(Some(
            finding
                .observed(
                    "no layer sets TASKER_CONFIG_PATH, without which the engine does not start",
                )
                .hint(format!("set TASKER_CONFIG_PATH in {}", service.environment)),
        ));
    };
    let path = &variable.setting.value;
    let file = configuration
        .engine_files
        .get(path)
        .ok_or_else(|| Unseen::new(format!("the engine configuration {path}"), "nobody looked"))?;
    let finding = finding
        .evidence("TASKER_CONFIG_PATH", path)
        .evidence("set by", &variable.setting.origin);
    Ok(match (&file.state, &file.problem) {
        (PathState::File, None) => None,
        (PathState::File, Some(problem)) => Some(
            finding
                .observed(format!("its engine configuration is not TOML: {problem}"))
                .hint("run `cluster-verify render`, which writes the engine's files anew"),
        ),
        (PathState::Missing, _) => Some(
            finding
                .observed(format!("its engine configuration {path} is absent"))
                .hint(format!(
                    "run `cluster-verify render`, or correct {}",
                    variable.setting.origin
                )),
        ),
        (PathState::Folder | PathState::Other, _) => Some(
            finding
                .observed(format!("its engine configuration {path} is not a file"))
                .hint(format!(
                    "correct {}: the engine reads one complete file",
                    variable.setting.origin
                )),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, unknown};
    use crate::evidence::{EngineFile, Observed};
    use crate::topology::Problem;

    fn file(evidence: &mut Evidence) -> &mut EngineFile {
        evidence
            .configuration
            .engine_files
            .get_mut("worker.toml")
            .unwrap()
    }

    #[test]
    fn an_instance_without_the_variable_is_told_where_to_set_it() {
        let mut evidence = Evidence::healthy();
        let worker = &mut evidence.topology.seen_mut().services[1].instances[0];
        worker
            .environment
            .retain(|variable| variable.name != "TASKER_CONFIG_PATH");

        let findings = fires::<EngineConfigMissing>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].hint,
            "set TASKER_CONFIG_PATH in worker-rust.env"
        );
    }

    #[test]
    fn an_absent_file_is_a_finding_on_each_instance_that_names_it() {
        let mut evidence = Evidence::healthy();
        file(&mut evidence).state = PathState::Missing;

        let findings = fires::<EngineConfigMissing>(&evidence);

        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].evidence["set by"], "worker-rust.env:1");
    }

    #[test]
    fn a_folder_is_no_configuration() {
        let mut evidence = Evidence::healthy();
        file(&mut evidence).state = PathState::Folder;

        fires::<EngineConfigMissing>(&evidence);
    }

    #[test]
    fn a_file_that_is_no_toml_is_named_with_the_place() {
        let mut evidence = Evidence::healthy();
        file(&mut evidence).problem = Some(Problem::at("worker.toml", 4, 1, "expected `=`"));

        let findings = fires::<EngineConfigMissing>(&evidence);

        assert!(
            findings[0].observed.contains("worker.toml:4:1"),
            "{}",
            findings[0].observed
        );
    }

    #[test]
    fn a_file_that_nobody_looked_at_or_no_topology_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();
        unknown::<EngineConfigMissing>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");
        unknown::<EngineConfigMissing>(&evidence);
    }
}
