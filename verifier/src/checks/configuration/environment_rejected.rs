use std::collections::BTreeMap;

use super::engine_environment::{Refusal, refusal};
use super::engine_settings::{self, EngineSettings};
use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, SystemView, Unseen};

/// The engine's configuration asks for a variable whose value the engine refuses: its loader panics.
pub struct EnvironmentRejected;

impl Check for EnvironmentRejected {
    const CODE: Code = Code::new(110);
    const NAME: &'static str = "environment-rejected";
    const TITLE: &'static str = "the engine accepts every variable that its configuration asks for";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let files = engine_settings::all(topology, &evidence.configuration)?;
        let mut refused = Refused::default();
        for file in &files {
            as_rendered(file, &mut refused);
        }
        let findings = refused.findings();
        with_processes(findings, evidence, |system| {
            let mut refused = Refused::default();
            for file in &files {
                as_running(file, system, &mut refused);
            }
            refused.findings()
        })
    }
}

/// One variable with one value is one finding, however many instances have it.
#[derive(Default)]
struct Refused<'a>(BTreeMap<Case<'a>, Vec<&'a str>>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Case<'a> {
    name: &'a str,
    value: String,
    refusal: Refusal,
    set_by: String,
    asked_by: String,
}

fn as_rendered<'a>(file: &EngineSettings<'a>, refused: &mut Refused<'a>) {
    for (_, instance) in &file.readers {
        for placeholder in &file.file.placeholders {
            let Some(variable) = instance.variable(&placeholder.name) else {
                continue;
            };
            let value = &variable.setting.value;
            let Some(refusal) = refusal(&placeholder.name, value) else {
                continue;
            };
            let case = Case {
                name: &placeholder.name,
                value: value.clone(),
                refusal,
                set_by: variable.setting.origin.to_string(),
                asked_by: format!("{}:{}", file.path, placeholder.line),
            };
            refused.add(case, &instance.id);
        }
    }
}

/// What no layer sets and the process has all the same, be it from `services/launch` or from a shell.
fn as_running<'a>(file: &EngineSettings<'a>, system: &SystemView, refused: &mut Refused<'a>) {
    for (_, instance) in &file.readers {
        let Some(process) = system.of_instance(&instance.id) else {
            continue;
        };
        for placeholder in &file.file.placeholders {
            let rendered = instance.value(&placeholder.name);
            let Some(value) = process
                .variable(&placeholder.name)
                .filter(|value| rendered != Some(value))
            else {
                continue;
            };
            let Some(refusal) = refusal(&placeholder.name, value) else {
                continue;
            };
            let case = Case {
                name: &placeholder.name,
                value: value.to_owned(),
                refusal,
                set_by: "the environment of the running process".to_owned(),
                asked_by: format!("{}:{}", file.path, placeholder.line),
            };
            refused.add(case, &instance.id);
        }
    }
}

impl<'a> Refused<'a> {
    fn add(&mut self, case: Case<'a>, instance: &'a str) {
        let instances = self.0.entry(case).or_default();
        if !instances.contains(&instance) {
            instances.push(instance);
        }
    }

    fn findings(self) -> Vec<Finding> {
        self.0
            .into_iter()
            .map(|(case, instances)| {
                let finding = Finding::about(case.name)
                    .evidence("value", &case.value)
                    .evidence("set by", &case.set_by)
                    .evidence("asked for by", &case.asked_by)
                    .evidence("instances", instances.join(", "));
                match case.refusal {
                    Refusal::NotAllowed => finding
                        .observed(
                            "it is set and not on the engine's list of variables: the engine \
                             panics when it loads its configuration",
                        )
                        .hint(format!(
                            "write the value itself into config/tasker/ instead of the \
                             placeholder at {}, then `cluster-verify render`",
                            case.asked_by
                        )),
                    Refusal::Mismatch { pattern } => finding
                        .observed(format!(
                            "the engine panics on the value `{}` when it loads its configuration",
                            case.value
                        ))
                        .evidence("pattern", pattern)
                        .hint(format!("correct {}", case.set_by)),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Observed, Placeholder};

    const ADDRESS: &str = "TASKER_WEB_BIND_ADDRESS";

    fn ask_for(evidence: &mut Evidence, name: &str) {
        let file = evidence
            .configuration
            .engine_files
            .get_mut("worker.toml")
            .unwrap();
        file.placeholders.push(Placeholder {
            name: name.into(),
            default: None,
            line: 12,
        });
    }

    #[test]
    fn a_value_beside_the_pattern_is_found_with_file_and_line() {
        let mut evidence = Evidence::healthy();
        let worker = &mut evidence.topology.seen_mut().services[1].instances[0];
        let variable = worker
            .environment
            .iter_mut()
            .find(|variable| variable.name == ADDRESS);
        variable.unwrap().setting.value = "[::1]:8100".into();

        let findings = fires::<EnvironmentRejected>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, ADDRESS);
        assert_eq!(findings[0].evidence["asked for by"], "worker.toml:9");
        assert_eq!(findings[0].evidence["instances"], "worker-rust-1");
    }

    #[test]
    fn a_variable_beyond_the_list_is_found_once_for_all_instances() {
        let mut evidence = Evidence::healthy();
        ask_for(&mut evidence, "TASKER_MULTI_INSTANCE_MODE");

        let findings = fires::<EnvironmentRejected>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].evidence["instances"],
            "worker-rust-1, worker-rust-2"
        );
    }

    #[test]
    fn a_value_that_only_the_process_has_is_found() {
        let mut evidence = Evidence::healthy();
        ask_for(&mut evidence, "DATABASE_URL");
        let process = &mut evidence.system.seen_mut().processes[2];
        let environment = process.environment.as_mut().unwrap();
        environment.insert("DATABASE_URL".into(), "postgres://h/d".into());

        let findings = fires::<EnvironmentRejected>(&evidence);

        assert_eq!(
            findings[0].evidence["set by"],
            "the environment of the running process"
        );
    }

    #[test]
    fn a_variable_that_is_set_and_not_asked_for_or_asked_for_and_not_set_is_harmless() {
        let mut evidence = Evidence::healthy();
        ask_for(&mut evidence, "SOMETHING_ELSE");
        let process = &mut evidence.system.seen_mut().processes[2];
        let environment = process.environment.as_mut().unwrap();
        environment.insert("REDIS_URL".into(), "not one".into());

        silent::<EnvironmentRejected>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_files_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();
        unknown::<EnvironmentRejected>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");
        unknown::<EnvironmentRejected>(&evidence);
    }
}
