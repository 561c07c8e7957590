use std::collections::BTreeMap;

use super::template_roots;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::topology::Role;

/// A namespace has templates, and no service serves the folder that they are in.
///
/// Asked for through an orchestration server, its tasks are created as soon as
/// anybody once registered the template, and then nobody takes their steps.
pub struct NamespaceUnserved;

impl Check for NamespaceUnserved {
    const CODE: Code = Code::new(119);
    const NAME: &'static str = "namespace-unserved";
    const TITLE: &'static str = "every namespace with a template belongs to a service";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let configuration = &evidence.configuration;
        // The servers' root is the folder that holds the roots of all services.
        let all = topology
            .with_role(Role::Orchestration)
            .filter_map(|(_, server)| server.value("TASKER_TEMPLATE_PATH"));
        let roots = template_roots::described(topology, configuration)?;
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for root in all.filter_map(|path| roots.get(path)) {
            for template in &root.templates {
                let paths = files.entry(&template.namespace).or_default();
                if !paths.contains(&template.path.as_str()) {
                    paths.push(&template.path);
                }
            }
        }
        for (_, _, root) in template_roots::served(topology, configuration)? {
            for namespace in root.namespaces() {
                files.remove(namespace);
            }
        }
        Ok(files
            .into_iter()
            .map(|(namespace, paths)| {
                Finding::about(namespace)
                    .observed("it has templates, and they are in no service's folder")
                    .evidence("templates", paths.join(", "))
                    .hint(
                        "move the templates below the folder of a service, or add the service to \
                         config/cluster.toml",
                    )
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::topology::Selection;

    fn add(evidence: &mut Evidence, root: &str, namespace: &str) {
        let roots = &mut evidence.configuration.template_roots;
        let root = roots.get_mut(root).unwrap();
        let mut template = root.templates[0].clone();
        template.namespace = namespace.into();
        template.path = format!("templates/{namespace}.yaml");
        root.templates.push(template);
    }

    #[test]
    fn templates_beside_the_services_folders_are_found() {
        let mut evidence = Evidence::healthy();
        add(&mut evidence, "templates", "lost");

        let findings = fires::<NamespaceUnserved>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "lost");
        assert_eq!(findings[0].evidence["templates"], "templates/lost.yaml");
    }

    #[test]
    fn a_service_without_instances_in_this_mode_still_owns_its_namespaces() {
        silent::<NamespaceUnserved>(&Evidence::of_topology(&Selection {
            counts: [("worker-rust".to_owned(), 0)].into(),
            ..Selection::default()
        }));
    }

    #[test]
    fn a_namespace_of_workers_that_the_servers_root_lacks_is_served_all_the_same() {
        let mut evidence = Evidence::healthy();
        add(&mut evidence, "templates/rust", "extra");

        silent::<NamespaceUnserved>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_templates_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.template_roots.clear();

        unknown::<NamespaceUnserved>(&evidence);
    }
}
