use crate::check::{Check, Code, Finding};
use crate::evidence::{EngineFile, Evidence, PathState, Unseen};
use crate::topology::Role;

/// An instance's engine configuration lacks the sections of its role.
///
/// A server without `[orchestration.web]` starts without REST; a worker on a
/// server's file is half of the inherited environment of TAS-73.
pub struct EngineConfigWrongRole;

impl Check for EngineConfigWrongRole {
    const CODE: Code = Code::new(107);
    const NAME: &'static str = "engine-config-wrong-role";
    const TITLE: &'static str =
        "every engine configuration has the sections of its instance's role";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for (service, instance) in evidence.topology.seen()?.instances() {
            // An unset path and a file that cannot be read have a code of their own.
            let Some(variable) = instance.variable("TASKER_CONFIG_PATH") else {
                continue;
            };
            let path = &variable.setting.value;
            let file = evidence
                .configuration
                .engine_files
                .get(path)
                .ok_or_else(|| {
                    Unseen::new(format!("the engine configuration {path}"), "nobody looked")
                })?;
            if file.state != PathState::File || file.problem.is_some() {
                continue;
            }
            let missing: Vec<String> = needed(service.role)
                .iter()
                .filter(|table| !has(file, table))
                .map(|table| format!("[{table}]"))
                .collect();
            if missing.is_empty() {
                continue;
            }
            findings.push(
                Finding::about(&instance.id)
                    .observed(format!("{path} has no {}", missing.join(" and no ")))
                    .evidence("TASKER_CONFIG_PATH", path)
                    .evidence("set by", &variable.setting.origin)
                    .evidence("missing", missing.join(", "))
                    .evidence("sections", sections(file))
                    .hint(format!(
                        "let {} name the file of its role, or add the section to \
                         config/tasker/base.toml and run `cluster-verify render`",
                        variable.setting.origin
                    )),
            );
        }
        Ok(findings)
    }
}

const fn needed(role: Role) -> &'static [&'static str] {
    match role {
        Role::Orchestration => &["common", "orchestration", "orchestration.web"],
        Role::Worker => &["common", "worker"],
    }
}

fn has(file: &EngineFile, table: &str) -> bool {
    file.tables.iter().any(|candidate| candidate == table)
}

fn sections(file: &EngineFile) -> String {
    let names: Vec<&str> = file
        .tables
        .iter()
        .map(String::as_str)
        .filter(|table| !table.contains('.'))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn a_worker_on_the_file_of_a_server_is_found() {
        let mut evidence = Evidence::healthy();
        let files = &mut evidence.configuration.engine_files;
        let server = files["orchestration.toml"].clone();
        files.insert("worker.toml".into(), server);

        let findings = fires::<EngineConfigWrongRole>(&evidence);

        assert_eq!(findings[0].subject, "worker-rust-1");
        assert_eq!(findings[0].evidence["missing"], "[worker]");
        assert_eq!(findings[0].evidence["sections"], "common, orchestration");
    }

    #[test]
    fn a_server_without_its_web_section_is_found() {
        let mut evidence = Evidence::healthy();
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("orchestration.toml").unwrap();
        file.tables.retain(|table| table != "orchestration.web");

        let findings = fires::<EngineConfigWrongRole>(&evidence);

        assert_eq!(findings[0].evidence["missing"], "[orchestration.web]");
    }

    #[test]
    fn one_complete_file_for_both_roles_will_do() {
        let mut evidence = Evidence::healthy();
        for file in evidence.configuration.engine_files.values_mut() {
            file.tables = ["common", "orchestration", "orchestration.web", "worker"]
                .map(str::to_owned)
                .into();
        }

        silent::<EngineConfigWrongRole>(&evidence);
    }

    #[test]
    fn an_absent_file_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("worker.toml").unwrap();
        file.state = PathState::Missing;
        file.tables.clear();

        silent::<EngineConfigWrongRole>(&evidence);
    }

    #[test]
    fn without_a_topology_or_a_look_at_the_files_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();
        unknown::<EngineConfigWrongRole>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");
        unknown::<EngineConfigWrongRole>(&evidence);
    }
}
