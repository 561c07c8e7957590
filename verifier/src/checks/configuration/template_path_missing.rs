use super::live::with_processes;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Configuration, Evidence, PathState, SystemView, TemplateRoot, Unseen};
use crate::topology::{Instance, Role, Service};

/// A worker's template root is unset, absent, no folder, or holds no template.
///
/// The engine then says nothing: it tries `config/tasks` below WORKSPACE_PATH
/// and the working folder, and without any template the worker serves the
/// namespace `default` and reports itself healthy.
pub struct TemplatePathMissing;

impl Check for TemplatePathMissing {
    const CODE: Code = Code::new(108);
    const NAME: &'static str = "template-path-missing";
    const TITLE: &'static str = "every worker's template path leads to templates";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let mut findings = Vec::new();
        for (service, instance) in topology.with_role(Role::Worker) {
            findings.extend(as_rendered(evidence, service, instance)?);
        }
        with_processes(findings, evidence, |system| {
            let workers = topology.with_role(Role::Worker);
            workers
                .filter_map(|(_, instance)| as_running(&evidence.configuration, system, instance))
                .collect()
        })
    }
}

fn as_rendered(
    evidence: &Evidence,
    service: &Service,
    instance: &Instance,
) -> Result<Option<Finding>, Unseen> {
    let finding = Finding::about(&instance.id);
    let Some(variable) = instance.variable("TASKER_TEMPLATE_PATH") else {
        return Ok(Some(
            finding
                .observed("no layer sets TASKER_TEMPLATE_PATH: the engine would look elsewhere")
                .hint(format!(
                    "set TASKER_TEMPLATE_PATH in {}",
                    service.environment
                )),
        ));
    };
    let path = &variable.setting.value;
    let root = evidence
        .configuration
        .template_roots
        .get(path)
        .ok_or_else(|| Unseen::new(format!("the template root {path}"), "nobody looked"))?;
    Ok(defect(root).map(|defect| {
        finding
            .observed(format!("its template root {path} {defect}"))
            .evidence("TASKER_TEMPLATE_PATH", path)
            .evidence("set by", &variable.setting.origin)
            .hint(format!(
                "correct {}, then `cluster-verify render`",
                variable.setting.origin
            ))
    }))
}

/// What the process really has, where that is not what was rendered.
fn as_running(
    configuration: &Configuration,
    system: &SystemView,
    instance: &Instance,
) -> Option<Finding> {
    let process = system.of_instance(&instance.id)?;
    let environment = process.environment.as_ref().filter(|all| !all.is_empty())?;
    let rendered = instance.value("TASKER_TEMPLATE_PATH");
    let (shown, defect) = match environment.get("TASKER_TEMPLATE_PATH") {
        None if rendered.is_none() => return None,
        None => ("not set", "is not set, so that the engine looked elsewhere"),
        Some(actual) => {
            let root = configuration.template_roots.get(actual)?;
            (actual.as_str(), defect(root)?)
        }
    };
    if rendered == Some(shown) {
        return None;
    }
    Some(
        Finding::about(&instance.id)
            .observed(format!(
                "in the running process TASKER_TEMPLATE_PATH {defect}"
            ))
            .evidence("pid", process.pid)
            .evidence("TASKER_TEMPLATE_PATH", shown)
            .evidence("rendered", rendered.unwrap_or("not set"))
            .hint(format!(
                "run `process-compose process restart {}`",
                instance.id
            )),
    )
}

/// A root whose files are all invalid is not empty: each of them is a finding elsewhere.
fn defect(root: &TemplateRoot) -> Option<&'static str> {
    match root.state {
        PathState::Missing => Some("does not exist"),
        PathState::File | PathState::Other => Some("is not a folder"),
        PathState::Folder if root.templates.is_empty() && root.problems.is_empty() => {
            Some("holds no template")
        }
        PathState::Folder => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;
    use crate::topology::Problem;

    const VARIABLE: &str = "TASKER_TEMPLATE_PATH";

    fn root(evidence: &mut Evidence) -> &mut TemplateRoot {
        evidence
            .configuration
            .template_roots
            .get_mut("templates/rust")
            .unwrap()
    }

    /// Puts another path into the environment of the running worker-rust-2.
    fn running_with(path: Option<&str>) -> Evidence {
        let mut evidence = Evidence::healthy();
        let environment = evidence.system.seen_mut().processes[3]
            .environment
            .as_mut()
            .unwrap();
        match path {
            Some(path) => environment.insert(VARIABLE.into(), path.into()),
            None => environment.remove(VARIABLE),
        };
        evidence
    }

    #[test]
    fn a_root_that_is_absent_a_file_or_empty_is_found_on_both_workers() {
        for state in [PathState::Missing, PathState::File, PathState::Folder] {
            let mut evidence = Evidence::healthy();
            root(&mut evidence).state = state;
            root(&mut evidence).templates.clear();

            let findings = fires::<TemplatePathMissing>(&evidence);

            assert_eq!(findings.len(), 2, "{findings:?}");
            assert_eq!(findings[0].evidence["set by"], "worker-rust.env:2");
        }
    }

    #[test]
    fn a_worker_without_the_variable_is_told_where_to_set_it() {
        let mut evidence = Evidence::healthy();
        for worker in &mut evidence.topology.seen_mut().services[1].instances {
            worker
                .environment
                .retain(|variable| variable.name != VARIABLE);
        }
        evidence.system = Observed::not_looked("processes");

        let findings = fires::<TemplatePathMissing>(&evidence);

        assert_eq!(
            findings[0].hint,
            "set TASKER_TEMPLATE_PATH in worker-rust.env"
        );
    }

    #[test]
    fn a_running_worker_whose_path_leads_nowhere_is_found() {
        let mut evidence = running_with(Some("/gone"));
        evidence.configuration.template_roots.insert(
            "/gone".into(),
            TemplateRoot {
                state: PathState::Missing,
                templates: Vec::new(),
                problems: Vec::new(),
            },
        );

        let findings = fires::<TemplatePathMissing>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert_eq!(findings[0].evidence["rendered"], "templates/rust");
    }

    #[test]
    fn a_running_worker_without_the_variable_is_found() {
        let findings = fires::<TemplatePathMissing>(&running_with(None));

        assert_eq!(findings[0].evidence[VARIABLE], "not set");
    }

    #[test]
    fn a_rendered_path_made_absolute_and_a_folder_with_templates_are_no_finding() {
        silent::<TemplatePathMissing>(&running_with(Some("/project/templates/rust")));

        let mut evidence = running_with(Some("/elsewhere"));
        let other = evidence.configuration.template_roots["templates"].clone();
        evidence
            .configuration
            .template_roots
            .insert("/elsewhere".into(), other);
        silent::<TemplatePathMissing>(&evidence);
    }

    #[test]
    fn a_server_needs_no_templates_and_invalid_ones_are_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        let of_servers = evidence
            .configuration
            .template_roots
            .get_mut("templates")
            .unwrap();
        of_servers.state = PathState::Missing;
        root(&mut evidence).templates.clear();
        root(&mut evidence)
            .problems
            .push(Problem::of_file("templates/rust/a.yaml", "no YAML"));

        silent::<TemplatePathMissing>(&evidence);
    }

    #[test]
    fn without_a_topology_or_a_look_at_the_roots_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.template_roots.clear();
        unknown::<TemplatePathMissing>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.topology = Observed::not_looked("the topology");
        unknown::<TemplatePathMissing>(&evidence);
    }
}
