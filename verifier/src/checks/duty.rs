//! What each worker owes the cluster: to take from the queues of the namespaces that its service's templates use.

use crate::check::Finding;
use crate::checks::processes::port_holder::foreign_listener;
use crate::evidence::{Evidence, Subscriptions, SystemView, TemplateRoot, Unseen};
use crate::topology::{Instance, Role, Service};

const TEMPLATE_PATH: &str = "TASKER_TEMPLATE_PATH";

/// One worker and the namespaces that it should serve.
pub struct Duty<'a> {
    pub service: &'a Service,
    pub instance: &'a Instance,
    /// Sorted, each once.
    pub namespaces: Vec<&'a str>,
    pub root: &'a TemplateRoot,
}

/// Why a worker serves other namespaces than it should: the variable that misleads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misdirection {
    pub variable: &'static str,
    pub actual: String,
    pub expected: String,
    /// Where the layers set it: wrongly, or as the process should have it.
    pub origin: String,
    pub cause: Cause,
}

/// Who set the wrong value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The process was started with another environment than was rendered for it.
    Launch,
    /// A layer sets it wrongly for this service.
    Layer,
}

impl Misdirection {
    /// Adds itself to a finding of the instance that it misleads.
    pub fn told(self, instance: &str, finding: Finding) -> Finding {
        finding
            .hint(self.hint(instance))
            .evidence("variable", self.variable)
            .evidence("actual", self.actual)
            .evidence("expected", self.expected)
            .evidence("origin", self.origin)
    }

    /// What to do about it.
    pub fn hint(&self, instance: &str) -> String {
        match self.cause {
            Cause::Launch => format!("run `process-compose process restart {instance}`"),
            Cause::Layer => format!(
                "correct {}, then run `cluster-verify render` and restart {instance}",
                self.origin
            ),
        }
    }
}

/// Every worker's duty.
///
/// # Errors
/// The topology, or templates that were not read.
pub fn duties(evidence: &Evidence) -> Result<Vec<Duty<'_>>, Unseen> {
    evidence
        .topology
        .seen()?
        .with_role(Role::Worker)
        .map(|(service, instance)| {
            let root = template_root(evidence, service, instance)?;
            Ok(Duty {
                service,
                instance,
                namespaces: root.namespaces(),
                root,
            })
        })
        .collect()
}

/// The templates that a worker should have, whatever its environment says.
fn template_root<'a>(
    evidence: &'a Evidence,
    service: &Service,
    instance: &Instance,
) -> Result<&'a TemplateRoot, Unseen> {
    let path = service
        .templates
        .as_deref()
        .or_else(|| instance.value(TEMPLATE_PATH));
    path.and_then(|path| evidence.configuration.template_roots.get(path))
        .ok_or_else(|| {
            let why = path.map_or("no template path is set".into(), |path| {
                format!("`{path}` was not read")
            });
            Unseen::new(format!("templates of {}", instance.id), why)
        })
}

/// Whether the instance's process runs; without a look at processes, whether its endpoint answers.
///
/// # Errors
/// Neither was seen.
pub fn runs(evidence: &Evidence, id: &str) -> Result<bool, Unseen> {
    match evidence.system.seen() {
        Ok(system) => Ok(system.runs(id)),
        Err(unseen) => match evidence
            .endpoints
            .get(id)
            .map(|endpoints| endpoints.health.seen())
        {
            Some(Ok(_)) => Ok(true),
            Some(Err(failed)) if failed.was_looked_for() => Ok(false),
            _ => Err(unseen),
        },
    }
}

/// Whether the instance's process runs and says that it is ready; without an answer looked for, whether it runs.
///
/// # Errors
/// Neither the process nor its endpoint was seen.
pub fn is_ready(evidence: &Evidence, id: &str) -> Result<bool, Unseen> {
    if !runs(evidence, id)? {
        return Ok(false);
    }
    Ok(
        match evidence
            .endpoints
            .get(id)
            .map(|endpoints| endpoints.ready.seen())
        {
            Some(Ok(answer)) => answer.status == 200,
            Some(Err(unseen)) => !unseen.was_looked_for(),
            None => true,
        },
    )
}

/// Instances that were seen to take from the namespace's queue and still run, sorted.
///
/// What a process did before it ended proves nothing of now.
///
/// # Errors
/// Neither an instance's process nor its endpoint was seen.
pub fn subscribers<'a>(
    evidence: &Evidence,
    subscriptions: &'a Subscriptions,
    namespace: &str,
) -> Result<Vec<&'a str>, Unseen> {
    let mut living = Vec::new();
    for id in subscriptions.subscribers(namespace) {
        if runs(evidence, id)? {
            living.push(id);
        }
    }
    Ok(living)
}

/// Whether a stranger on the instance's port answers in its place.
pub fn is_foreign(evidence: &Evidence, instance: &Instance) -> bool {
    let supervisor = evidence.supervisor.ok();
    let foreign = |system| foreign_listener(system, supervisor, instance).is_some();
    evidence.system.ok().is_some_and(foreign)
}

impl Duty<'_> {
    /// What leads the worker to other templates: its live environment, else what was rendered for it.
    pub fn misdirection(&self, system: Option<&SystemView>) -> Option<Misdirection> {
        let rendered = self.instance.variable(TEMPLATE_PATH)?;
        let value = rendered.setting.value.as_str();
        let wrong = |actual: &str, expected: &str, cause| Misdirection {
            variable: TEMPLATE_PATH,
            actual: actual.to_owned(),
            expected: expected.to_owned(),
            origin: rendered.setting.origin.to_string(),
            cause,
        };
        let live = system
            .and_then(|system| system.of_instance(&self.instance.id))
            .filter(|process| process.environment.is_some())
            .map(|process| process.variable(TEMPLATE_PATH).unwrap_or("unset"));
        if let Some(live) = live.filter(|live| !is_same_path(live, value)) {
            return Some(wrong(live, value, Cause::Launch));
        }
        let expected = self.service.templates.as_deref()?;
        (!is_same_path(value, expected)).then(|| wrong(value, expected, Cause::Layer))
    }
}

/// A live process has its paths absolute, the topology has them relative to the project root.
fn is_same_path(live: &str, relative: &str) -> bool {
    let (live, relative) = (live.trim_end_matches('/'), relative.trim_end_matches('/'));
    live.strip_suffix(relative)
        .is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_same_under_any_root_but_not_beside_it() {
        assert!(is_same_path("/srv/a/templates/rust", "templates/rust"));
        assert!(is_same_path("templates/rust/", "templates/rust"));
        assert!(!is_same_path("/srv/a/old-templates/rust", "templates/rust"));
        assert!(!is_same_path("/srv/a/templates", "templates/rust"));
    }

    #[test]
    fn each_worker_owes_the_namespaces_of_its_services_templates() {
        let evidence = Evidence::healthy();

        let duties = duties(&evidence).unwrap();

        assert_eq!(duties.len(), 2);
        assert_eq!(duties[0].instance.id, "worker-rust-1");
        assert_eq!(duties[0].namespaces, ["mail"]);
        assert_eq!(duties[0].misdirection(evidence.system.ok()), None);
    }

    #[test]
    fn a_layer_that_names_another_root_misdirects_even_unseen_processes() {
        let mut evidence = Evidence::healthy();
        for service in &mut evidence.topology.seen_mut().services {
            service.templates = Some("templates/other".into());
        }
        evidence.configuration.template_roots.insert(
            "templates/other".into(),
            evidence.configuration.template_roots["templates/rust"].clone(),
        );

        let found = duties(&evidence).unwrap()[0].misdirection(None).unwrap();

        assert_eq!(found.actual, "templates/rust");
        assert_eq!(found.cause, Cause::Layer);
        assert!(
            found
                .hint("worker-rust-1")
                .starts_with("correct worker-rust.env:2")
        );
    }
}
