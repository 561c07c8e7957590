use std::collections::BTreeMap;

use super::step_graph::cycle;
use super::template_roots;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Template, Unseen};

/// A task template that the engine refuses, misreads or can never finish.
///
/// The engine only logs a file that it cannot parse, ignores fields that it
/// does not know, and looks for no cycle: the task hangs.
pub struct TemplateInvalid;

/// PGMQ takes names of up to 47 characters, and the longest of a namespace's queues adds `_domain_events_dlq`.
const MAX_NAMESPACE: usize = 47 - "_domain_events_dlq".len();

impl Check for TemplateInvalid {
    const CODE: Code = Code::new(118);
    const NAME: &'static str = "template-invalid";
    const TITLE: &'static str = "every task template is one that the engine understands";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let roots = template_roots::described(topology, &evidence.configuration)?;
        let served = template_roots::served(topology, &evidence.configuration)?;
        // A root may lie within another: each file is judged once.
        let mut by_place: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for root in roots.values() {
            for problem in &root.problems {
                let message = format!("the engine does not load it: {}", problem.message);
                by_place.insert(problem.place(), vec![message]);
            }
            for template in &root.templates {
                let defects = defects(template);
                if !defects.is_empty() {
                    by_place.insert(template.path.clone(), defects);
                }
            }
        }
        // The servers' root holds the roots of all languages: templates that these share have a code of their own.
        for (_, _, root) in served {
            for template in &root.templates {
                if let Some(defect) = twin(template, &root.templates) {
                    let defects = by_place.entry(template.path.clone()).or_default();
                    if !defects.contains(&defect) {
                        defects.push(defect);
                    }
                }
            }
        }
        Ok(by_place
            .into_iter()
            .flat_map(|(place, defects)| {
                defects.into_iter().map(move |defect| {
                    Finding::about(&place)
                        .observed(defect)
                        .evidence("file", &place)
                        .hint(format!("correct {place}, then `./dev down` and `./dev up`"))
                })
            })
            .collect())
    }
}

fn defects(template: &Template) -> Vec<String> {
    let mut defects = Vec::new();
    let namespace = &template.namespace;
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if namespace.is_empty() || !namespace.chars().all(plain) {
        defects.push(format!(
            "its namespace `{namespace}` is part of the names of tables and channels: only \
             lower-case letters, digits and underscores will do"
        ));
    } else if namespace.len() > MAX_NAMESPACE {
        defects.push(format!(
            "its namespace has {} characters, and PGMQ makes no queue for more than {MAX_NAMESPACE}",
            namespace.len()
        ));
    }
    let names: Vec<&str> = template.steps.iter().map(|it| it.name.as_str()).collect();
    for (index, step) in template.steps.iter().enumerate() {
        if names[..index].contains(&step.name.as_str()) {
            defects.push(format!("two steps are called `{}`", step.name));
        }
        for missing in &step.dependencies {
            if !names.contains(&missing.as_str()) {
                defects.push(format!(
                    "step `{}` depends on `{missing}`, which is no step",
                    step.name
                ));
            }
        }
    }
    if let Some(round) = cycle(&template.steps) {
        defects.push(format!(
            "its steps wait for each other: {}",
            round.join(" waits for ")
        ));
    }
    if !template.unknown_fields.is_empty() {
        defects.push(format!(
            "the engine ignores {}",
            template.unknown_fields.join(", ")
        ));
    }
    defects
}

/// Of two files that describe one template, the engine keeps whichever it reads last.
fn twin(template: &Template, all: &[Template]) -> Option<String> {
    let key = |it: &Template| (it.namespace.clone(), it.name.clone(), it.version.clone());
    let twin = all
        .iter()
        .find(|other| other.path != template.path && key(other) == key(template))?;
    Some(format!(
        "{} describes {}/{} {} too",
        twin.path, template.namespace, template.name, template.version
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::TemplateRoot;
    use crate::topology::Problem;

    /// Changes both roots of the healthy cluster, of which one lies within the other.
    fn with(change: impl Fn(&mut TemplateRoot)) -> Evidence {
        let mut evidence = Evidence::healthy();
        for root in evidence.configuration.template_roots.values_mut() {
            change(root);
        }
        evidence
    }

    fn only(evidence: &Evidence) -> String {
        let findings = fires::<TemplateInvalid>(evidence);
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings[0].observed.clone()
    }

    #[test]
    fn a_file_that_the_engine_does_not_parse_is_found_with_its_place() {
        let evidence = with(|root| {
            let problem = Problem::at("templates/rust/a.yaml", 3, 7, "missing field `handler`");
            root.problems.push(problem);
        });

        let findings = fires::<TemplateInvalid>(&evidence);

        assert_eq!(findings[0].subject, "templates/rust/a.yaml:3:7");
    }

    #[test]
    fn a_namespace_that_makes_no_queue_is_found() {
        for namespace in ["mail-box", "Mail", "", "a_namespace_of_thirty_letters_"] {
            let evidence = with(|root| root.templates[0].namespace = namespace.into());

            assert!(only(&evidence).starts_with("its namespace"));
        }
    }

    #[test]
    fn a_dependency_on_no_step_and_one_on_itself_are_found() {
        let evidence = with(|root| root.templates[0].steps[1].dependencies = vec!["writ".into()]);
        assert_eq!(
            only(&evidence),
            "step `send` depends on `writ`, which is no step"
        );

        let evidence = with(|root| root.templates[0].steps[0].dependencies = vec!["send".into()]);
        assert_eq!(
            only(&evidence),
            "its steps wait for each other: write waits for send waits for write"
        );
    }

    #[test]
    fn an_ignored_field_and_a_step_that_stands_twice_are_found() {
        let evidence =
            with(|root| root.templates[0].unknown_fields = vec!["steps.0.retires".into()]);
        assert_eq!(only(&evidence), "the engine ignores steps.0.retires");

        let evidence = with(|root| {
            let again = root.templates[0].steps[0].clone();
            root.templates[0].steps.push(again);
        });
        assert_eq!(only(&evidence), "two steps are called `write`");
    }

    #[test]
    fn two_files_of_one_template_are_both_named() {
        let evidence = with(|root| {
            let mut again = root.templates[0].clone();
            again.path = "templates/rust/copy.yaml".into();
            root.templates.push(again);
        });

        let findings = fires::<TemplateInvalid>(&evidence);

        assert_eq!(findings.len(), 2);
        assert!(
            findings[0]
                .observed
                .starts_with("templates/rust/letter.yaml")
        );
    }

    #[test]
    fn a_twin_that_another_service_serves_is_somebody_elses_finding() {
        let mut evidence = Evidence::healthy();
        let roots = &mut evidence.configuration.template_roots;
        let root = roots.get_mut("templates").unwrap();
        let mut other = root.templates[0].clone();
        other.path = "templates/ruby/letter.yaml".into();
        root.templates.push(other);

        silent::<TemplateInvalid>(&evidence);
    }

    #[test]
    fn another_version_beside_the_first_is_no_twin_and_a_long_namespace_may_just_fit() {
        let evidence = with(|root| {
            let mut next = root.templates[0].clone();
            next.path = "templates/rust/letter_2.yaml".into();
            next.version = "2.0.0".into();
            next.namespace = "a_namespace_of_29_characters_".into();
            root.templates.push(next);
        });

        silent::<TemplateInvalid>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_templates_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.template_roots.clear();

        unknown::<TemplateInvalid>(&evidence);
    }
}
