use crate::check::{Check, Code, Finding};
use crate::evidence::{Configuration, Evidence, OsProcess, Unseen};
use crate::topology::{Instance, Variable};

/// A running process has another environment than was rendered for its instance.
///
/// This is the fault of TAS-73 seen live: what counts is not what the files
/// say but what the process got.
pub struct EnvironmentDiffers;

const TEMPLATE_PATH: &str = "TASKER_TEMPLATE_PATH";

impl Check for EnvironmentDiffers {
    const CODE: Code = Code::new(203);
    const NAME: &'static str = "environment-differs";
    const TITLE: &'static str = "every process has the environment rendered for its instance";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        let mut findings = Vec::new();
        let mut hidden = None;
        for (_, instance) in topology.instances() {
            // An instance that does not run has a code of its own.
            let Some(process) = system.of_instance(&instance.id) else {
                continue;
            };
            let carriers = system.carriers(&instance.id);
            if carriers.is_empty() && process.is_alive() {
                hidden.get_or_insert_with(|| {
                    Unseen::new(
                        format!("the environment of {} (pid {})", instance.id, process.pid),
                        "the system does not let this user read it",
                    )
                });
            }
            for process in carriers {
                findings.extend(differences(&evidence.configuration, instance, process));
            }
        }
        match hidden {
            Some(unseen) if findings.is_empty() => Err(unseen),
            _ => Ok(findings),
        }
    }
}

fn differences(
    configuration: &Configuration,
    instance: &Instance,
    process: &OsProcess,
) -> Vec<Finding> {
    instance
        .environment
        .iter()
        .filter(|variable| !agrees(&variable.setting.value, process.variable(&variable.name)))
        .map(|Variable { name, setting, .. }| {
            let expected = &setting.value;
            let actual = process.variable(name);
            let finding = Finding::about(&instance.id)
                .observed(match actual {
                    Some(actual) => format!("its process has {name}={actual}, not {expected}"),
                    None => format!("its process has no {name}; {expected} was rendered"),
                })
                .evidence("pid", process.pid)
                .evidence("variable", name)
                .evidence("expected", expected)
                .evidence("actual", actual.unwrap_or("not set"))
                .evidence("rendered from", &setting.origin)
                .hint(format!(
                    "run `process-compose process restart {}`",
                    instance.id
                ));
            if name == TEMPLATE_PATH {
                with_namespaces(finding, configuration, expected, actual)
            } else {
                finding
            }
        })
        .collect()
}

/// `services/launch` makes paths below the project root absolute before it starts the process.
fn agrees(expected: &str, actual: Option<&str>) -> bool {
    actual.is_some_and(|actual| {
        actual == expected
            || actual
                .strip_suffix(expected)
                .is_some_and(|root| root.starts_with('/') && root.ends_with('/'))
    })
}

/// Which queues the process does not serve and which it serves instead.
fn with_namespaces(
    finding: Finding,
    configuration: &Configuration,
    expected: &str,
    actual: Option<&str>,
) -> Finding {
    let of_path = |path: &str| {
        configuration
            .template_roots
            .get(path)
            .map(|root| match root.namespaces()[..] {
                [] => "none: the engine falls back to `default`".to_owned(),
                ref names => names.join(", "),
            })
    };
    let unknown = || "unknown".to_owned();
    finding
        .evidence(
            "namespaces expected",
            of_path(expected).unwrap_or_else(unknown),
        )
        .evidence(
            "namespaces actual",
            actual.and_then(of_path).unwrap_or_else(unknown),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    /// The environment of the running worker-rust-2.
    fn change(evidence: &mut Evidence, name: &str, value: Option<&str>) {
        let process = &mut evidence.system.seen_mut().processes[3];
        let environment = process.environment.as_mut().unwrap();
        match value {
            Some(value) => environment.insert(name.into(), value.into()),
            None => environment.remove(name),
        };
    }

    #[test]
    fn another_template_path_is_named_with_the_namespaces_of_both_roots() {
        let mut evidence = Evidence::healthy();
        change(&mut evidence, TEMPLATE_PATH, Some("/elsewhere"));
        let mut other = evidence.configuration.template_roots["templates"].clone();
        other.templates[0].namespace = "wrong".into();
        evidence
            .configuration
            .template_roots
            .insert("/elsewhere".into(), other);

        let findings = fires::<EnvironmentDiffers>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["variable"], TEMPLATE_PATH);
        assert_eq!(findings[0].evidence["expected"], "templates/rust");
        assert_eq!(findings[0].evidence["actual"], "/elsewhere");
        assert_eq!(findings[0].evidence["namespaces expected"], "mail");
        assert_eq!(findings[0].evidence["namespaces actual"], "wrong");
    }

    #[test]
    fn a_variable_that_the_process_lacks_is_found() {
        let mut evidence = Evidence::healthy();
        change(&mut evidence, "TASKER_ENV", None);

        assert_eq!(
            fires::<EnvironmentDiffers>(&evidence)[0].evidence["actual"],
            "not set"
        );
    }

    #[test]
    fn a_second_process_of_the_instance_is_judged_too() {
        let mut evidence = Evidence::healthy();
        let system = evidence.system.seen_mut();
        let mut stale = system.processes[3].clone();
        stale.pid = 77;
        stale
            .environment
            .as_mut()
            .unwrap()
            .insert("TASKER_ENV".into(), "production".into());
        system.processes.push(stale);

        assert_eq!(
            fires::<EnvironmentDiffers>(&evidence)[0].evidence["pid"],
            "77"
        );
    }

    #[test]
    fn a_path_made_absolute_is_no_difference_and_a_longer_name_is_one() {
        let mut evidence = Evidence::healthy();
        change(
            &mut evidence,
            TEMPLATE_PATH,
            Some("/project/templates/rust"),
        );
        silent::<EnvironmentDiffers>(&evidence);

        change(
            &mut evidence,
            TEMPLATE_PATH,
            Some("/project/my-templates/rust"),
        );
        fires::<EnvironmentDiffers>(&evidence);
    }

    #[test]
    fn what_launch_and_the_shell_add_is_no_difference() {
        let mut evidence = Evidence::healthy();
        for name in ["DATABASE_URL", "TASKER_RUN_DIR", "PC_PROC_NAME", "HOME"] {
            change(&mut evidence, name, Some("anything"));
        }

        silent::<EnvironmentDiffers>(&evidence);
    }

    #[test]
    fn an_instance_that_does_not_run_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().processes.pop();

        silent::<EnvironmentDiffers>(&evidence);
    }

    #[test]
    fn an_environment_that_cannot_be_read_is_unknown_unless_another_differs() {
        let mut evidence = Evidence::healthy();
        evidence.system.seen_mut().processes[2].environment = None;
        unknown::<EnvironmentDiffers>(&evidence);

        change(&mut evidence, "TASKER_ENV", None);
        fires::<EnvironmentDiffers>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_processes_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.system = Observed::not_looked("processes");

        unknown::<EnvironmentDiffers>(&evidence);
    }
}
