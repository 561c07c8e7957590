//! The steps of a template as a graph of dependencies.

use crate::evidence::TemplateStep;

/// The names along one cycle, the first repeated at the end.
pub fn cycle(steps: &[TemplateStep]) -> Option<Vec<&str>> {
    let mut open: Vec<&TemplateStep> = steps.iter().collect();
    // Whatever depends on nothing that is still open can be done: take it away until nothing changes.
    loop {
        let waiting: Vec<&TemplateStep> = open
            .iter()
            .copied()
            .filter(|step| depends_on_any(step, &open).is_some())
            .collect();
        if waiting.len() == open.len() {
            break;
        }
        open = waiting;
    }
    // Each step that is left depends on one that is left: following them must come round.
    let mut path: Vec<&str> = Vec::new();
    let mut step = *open.first()?;
    while !path.contains(&step.name.as_str()) {
        path.push(&step.name);
        step = depends_on_any(step, &open)?;
    }
    let begin = path.iter().position(|name| *name == step.name)?;
    let mut round = path.split_off(begin);
    round.push(&step.name);
    Some(round)
}

fn depends_on_any<'a>(step: &TemplateStep, open: &[&'a TemplateStep]) -> Option<&'a TemplateStep> {
    open.iter()
        .copied()
        .find(|other| step.dependencies.contains(&other.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(edges: &[(&str, &[&str])]) -> Vec<TemplateStep> {
        edges
            .iter()
            .map(|(name, dependencies)| TemplateStep {
                name: (*name).into(),
                callable: "c".into(),
                dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
                max_attempts: None,
                durable_events: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn a_cycle_is_named_without_what_leads_to_it() {
        let found = steps(&[
            ("start", &[]),
            ("a", &["start", "c"]),
            ("b", &["a"]),
            ("c", &["b"]),
            ("end", &["c"]),
        ]);

        assert_eq!(cycle(&found), Some(vec!["a", "c", "b", "a"]));
    }

    #[test]
    fn a_step_that_waits_for_itself_is_a_cycle() {
        assert_eq!(cycle(&steps(&[("a", &["a"])])), Some(vec!["a", "a"]));
    }

    #[test]
    fn a_diamond_and_a_dependency_on_nothing_are_none() {
        let diamond = steps(&[
            ("a", &[]),
            ("b", &["a"]),
            ("c", &["a", "missing"]),
            ("d", &["b", "c"]),
        ]);

        assert_eq!(cycle(&diamond), None);
        assert_eq!(cycle(&[]), None);
    }
}
