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

/// The root that each service's workers serve, with its path.
///
/// A path that a service inherited, or that leads to no template, has a code of
/// its own: here counts the one that was meant.
///
/// # Errors
/// A root that was not looked at.
pub fn served<'a>(
    topology: &'a Topology,
    configuration: &'a Configuration,
) -> Result<Vec<(&'a Service, &'a str, &'a TemplateRoot)>, Unseen> {
    let workers = topology
        .services
        .iter()
        .filter(|service| service.role == Role::Worker);
    let mut served = Vec::new();
    for service in workers {
        let own = service
            .instances
            .first()
            .and_then(|it| own_path(service, it));
        let meant = service.templates.as_deref();
        for path in own.into_iter().chain(meant) {
            let root = root(configuration, path)?;
            if !root.templates.is_empty() {
                served.push((service, path, root));
                break;
            }
        }
    }
    Ok(served)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Evidence, TemplateRoot};

    fn with_meant(evidence: &mut Evidence) {
        let roots = &mut evidence.configuration.template_roots;
        let meant = TemplateRoot::clone(&roots["templates/rust"]);
        roots.insert("meant".into(), meant);
        evidence.topology.seen_mut().services[1].templates = Some("meant".into());
    }

    fn path_of_workers(evidence: &Evidence) -> String {
        let served = served(evidence.topology.ok().unwrap(), &evidence.configuration).unwrap();
        served[0].1.to_owned()
    }

    #[test]
    fn the_services_own_layer_decides() {
        let mut evidence = Evidence::healthy();
        with_meant(&mut evidence);

        assert_eq!(path_of_workers(&evidence), "templates/rust");
    }

    #[test]
    fn a_path_that_was_inherited_or_leads_to_nothing_is_not_the_one_that_was_meant() {
        let mut evidence = Evidence::healthy();
        with_meant(&mut evidence);
        evidence.topology.seen_mut().services[1].environment = "other.env".into();
        assert_eq!(path_of_workers(&evidence), "meant");

        let mut evidence = Evidence::healthy();
        with_meant(&mut evidence);
        let roots = &mut evidence.configuration.template_roots;
        roots.get_mut("templates/rust").unwrap().templates.clear();
        assert_eq!(path_of_workers(&evidence), "meant");
    }
}
