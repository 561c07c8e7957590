use std::collections::BTreeMap;

use super::template_roots;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};
use crate::topology::Service;

/// Services of two languages serve one namespace.
///
/// Whoever is first claims a step, and most likely has no handler for it: the
/// same task fails or succeeds by chance.
pub struct NamespaceShared;

impl Check for NamespaceShared {
    const CODE: Code = Code::new(120);
    const NAME: &'static str = "namespace-shared";
    const TITLE: &'static str = "every namespace belongs to workers of one language";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let served = template_roots::served(topology, &evidence.configuration)?;
        let mut owners: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for (service, _, root) in served {
            for namespace in root.namespaces() {
                owners.entry(namespace).or_default().push(service);
            }
        }
        Ok(owners
            .into_iter()
            .filter(|(_, services)| {
                services
                    .iter()
                    .any(|service| service.language != services[0].language)
            })
            .map(|(namespace, services)| {
                let names: Vec<&str> = services.iter().map(|it| it.name.as_str()).collect();
                let mut finding = Finding::about(namespace)
                    .observed(format!(
                        "{} would claim each other's steps",
                        names.join(" and ")
                    ))
                    .hint(
                        "give the templates of each language a namespace of their own, or correct \
                         TASKER_TEMPLATE_PATH in the service's layer under config/env/",
                    );
                for service in services {
                    let language = service.language.as_deref().unwrap_or("not given");
                    finding = finding.evidence(&service.name, language);
                }
                finding
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    /// A second service of workers on the same templates.
    fn with_service(language: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let services = &mut evidence.topology.seen_mut().services;
        let mut second = services[1].clone();
        second.name = "worker-other".into();
        second.language = Some(language.into());
        services.push(second);
        evidence
    }

    #[test]
    fn two_languages_on_one_namespace_are_found() {
        let findings = fires::<NamespaceShared>(&with_service("ruby"));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "mail");
        assert_eq!(findings[0].evidence["worker-other"], "ruby");
    }

    #[test]
    fn two_services_of_one_language_may_share_and_servers_serve_nothing() {
        silent::<NamespaceShared>(&with_service("rust"));
        silent::<NamespaceShared>(&Evidence::healthy());
    }

    #[test]
    fn without_a_look_at_the_templates_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.template_roots.clear();

        unknown::<NamespaceShared>(&evidence);
    }
}
