use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, SystemView, Unseen};
use crate::topology::{Origin, SERVICE_VARIABLES, Service, Topology, Variable};

/// A variable of one service comes from a layer that all share, or from the parent shell.
///
/// The bug of TAS-73: workers inherited the template path of another service,
/// polled the wrong queues, and tasks hung while every health check was green.
pub struct EnvironmentInherited;

impl Check for EnvironmentInherited {
    const CODE: Code = Code::new(109);
    const NAME: &'static str = "environment-inherited";
    const TITLE: &'static str = "service variables come from the service's own layer";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let findings = topology.services.iter().flat_map(from_layers).collect();
        with_processes(findings, evidence, |system| {
            from_the_shell(topology, system)
        })
    }
}

/// All instances of a service merge the same layers: one finding speaks for them.
fn from_layers(service: &Service) -> Vec<Finding> {
    let Some(first) = service.instances.first() else {
        return Vec::new();
    };
    let ids: Vec<&str> = service
        .instances
        .iter()
        .map(|instance| instance.id.as_str())
        .collect();
    first
        .environment
        .iter()
        .filter(|variable| SERVICE_VARIABLES.contains(&variable.name.as_str()))
        .filter(|variable| shared(variable, service))
        .map(|Variable { name, setting, .. }| {
            Finding::about(&service.name)
                .observed(format!(
                    "it inherits {name} from {}, a layer that all services share",
                    setting.origin
                ))
                .evidence("variable", name)
                .evidence("value", &setting.value)
                .evidence("set by", &setting.origin)
                .evidence("instances", ids.join(", "))
                .hint(format!(
                    "move {name} from {} to {}, then `cluster-verify render`",
                    setting.origin, service.environment
                ))
        })
        .collect()
}

fn shared(variable: &Variable, service: &Service) -> bool {
    match &variable.setting.origin {
        Origin::Computed => false,
        Origin::File { path, .. } => *path != service.environment,
    }
}

/// Service variables that a process has and that were not rendered for its instance.
fn from_the_shell(topology: &Topology, system: &SystemView) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, instance) in topology.instances() {
        for process in system.carriers(&instance.id) {
            for name in SERVICE_VARIABLES {
                let Some(value) = process.variable(name) else {
                    continue;
                };
                if instance.variable(name).is_some() {
                    continue;
                }
                findings.push(
                    Finding::about(&instance.id)
                        .observed(format!(
                            "its process {} has {name}, which no layer sets: it came from the \
                             shell that started it",
                            process.pid
                        ))
                        .evidence("variable", name)
                        .evidence("value", value)
                        .evidence("pid", process.pid)
                        .hint(format!(
                            "run `unset {name}`, then `./dev down` and `./dev up`"
                        )),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::topology::Setting;

    /// Puts a variable of `origin` in front of all workers' own.
    fn with_setting(name: &str, origin: Origin, overrode: Vec<Setting>) -> Evidence {
        let mut evidence = Evidence::healthy();
        for worker in &mut evidence.topology.seen_mut().services[1].instances {
            worker.environment.retain(|variable| variable.name != name);
            worker.environment.push(Variable {
                name: name.into(),
                setting: Setting {
                    value: "templates".into(),
                    origin: origin.clone(),
                },
                overrode: overrode.clone(),
            });
        }
        evidence
    }

    fn line(path: &str) -> Origin {
        Origin::File {
            path: path.into(),
            line: 4,
        }
    }

    #[test]
    fn a_template_path_from_a_shared_layer_is_named_with_file_and_line() {
        let evidence = with_setting("TASKER_TEMPLATE_PATH", line("base.env"), Vec::new());

        let findings = fires::<EnvironmentInherited>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust");
        assert_eq!(findings[0].evidence["set by"], "base.env:4");
        assert_eq!(
            findings[0].evidence["instances"],
            "worker-rust-1, worker-rust-2"
        );
    }

    #[test]
    fn a_layer_of_another_service_is_not_its_own() {
        let evidence = with_setting("TASKER_CONFIG_PATH", line("orchestration.env"), Vec::new());

        fires::<EnvironmentInherited>(&evidence);
    }

    #[test]
    fn a_variable_of_the_parent_shell_is_found_in_the_process() {
        let mut evidence = Evidence::healthy();
        let process = &mut evidence.system.seen_mut().processes[2];
        let environment = process.environment.as_mut().unwrap();
        environment.insert("WORKSPACE_PATH".into(), "/elsewhere".into());

        let findings = fires::<EnvironmentInherited>(&evidence);

        assert_eq!(findings[0].subject, "worker-rust-1");
        assert_eq!(findings[0].evidence["variable"], "WORKSPACE_PATH");
    }

    #[test]
    fn a_shared_setting_that_the_own_layer_overrides_harms_nobody() {
        let shared = Setting {
            value: "x".into(),
            origin: line("base.env"),
        };
        let evidence = with_setting(
            "TASKER_TEMPLATE_PATH",
            line("worker-rust.env"),
            vec![shared],
        );

        silent::<EnvironmentInherited>(&evidence);
    }

    #[test]
    fn an_ordinary_variable_may_come_from_anywhere() {
        silent::<EnvironmentInherited>(&with_setting("LOG_LEVEL", line("base.env"), Vec::new()));

        let mut evidence = Evidence::healthy();
        let process = &mut evidence.system.seen_mut().processes[2];
        process
            .environment
            .as_mut()
            .unwrap()
            .insert("EDITOR".into(), "ed".into());
        silent::<EnvironmentInherited>(&evidence);
    }

    #[test]
    fn a_variable_whose_value_differs_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        let process = &mut evidence.system.seen_mut().processes[2];
        let environment = process.environment.as_mut().unwrap();
        environment.insert("TASKER_TEMPLATE_PATH".into(), "/elsewhere".into());

        silent::<EnvironmentInherited>(&evidence);
    }

    #[test]
    fn without_a_topology_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");

        unknown::<EnvironmentInherited>(&evidence);
    }
}
