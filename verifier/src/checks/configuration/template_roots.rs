//! The template roots that services and instances name, and whose namespaces are whose.

use std::collections::BTreeMap;

use crate::evidence::{Configuration, TemplateRoot, Unseen};
use crate::topology::{Instance, Origin, Role, Service, Topology};

const VARIABLE: &str = "TASKER_TEMPLATE_PATH";

/// Every root that the topology names, by its path.
///
/// # Errors
/// A root that was not looked at.
pub fn described<'a>(
    topology: &'a Topology,
    configuration: &'a Configuration,
) -> Result<BTreeMap<&'a str, &'a TemplateRoot>, Unseen> {
    let of_services = topology
        .services
        .iter()
        .filter_map(|it| it.templates.as_deref());
    let of_instances = topology
        .instances()
        .filter_map(|(_, instance)| instance.value(VARIABLE));
    of_services
        .chain(of_instances)
        .map(|path| Ok((path, root(configuration, path)?)))
        .collect()
}

/// The root that each service's workers serve, by the service's name.
///
/// A path that a service inherited by mistake has a code of its own: here
/// counts the one that was meant.
///
/// # Errors
/// A root that was not looked at.
pub fn served<'a>(
    topology: &'a Topology,
    configuration: &'a Configuration,
) -> Result<Vec<(&'a Service, &'a TemplateRoot)>, Unseen> {
    topology
        .services
        .iter()
        .filter(|service| service.role == Role::Worker)
        .filter_map(|service| {
            let own = service
                .instances
                .first()
                .and_then(|it| own_path(service, it));
            Some((service, own.or(service.templates.as_deref())?))
        })
        .map(|(service, path)| Ok((service, root(configuration, path)?)))
        .collect()
}

fn own_path<'a>(service: &Service, instance: &'a Instance) -> Option<&'a str> {
    let variable = instance.variable(VARIABLE)?;
    match &variable.setting.origin {
        Origin::File { path, .. } if *path != service.environment => None,
        Origin::File { .. } | Origin::Computed => Some(&variable.setting.value),
    }
}

fn root<'a>(configuration: &'a Configuration, path: &str) -> Result<&'a TemplateRoot, Unseen> {
    configuration
        .template_roots
        .get(path)
        .ok_or_else(|| Unseen::new(format!("the template root {path}"), "nobody looked"))
}
