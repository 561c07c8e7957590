//! The templates of this worker and its handlers, held against each other.

use std::path::Path;

use instance::templates::{Found, find_in, without_handler};

fn ours() -> Vec<Found> {
    find_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/templates/rust")).unwrap()
}

#[test]
fn every_callable_of_our_templates_has_a_handler() {
    let handlers: Vec<String> = super::all()
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect();

    let templates = ours();

    assert_eq!(templates.len(), 10);
    assert_eq!(without_handler(&templates, &handlers), []);
}

#[test]
fn every_handler_is_called_by_a_template() {
    let called: Vec<String> = ours()
        .iter()
        .flat_map(|found| found.template.all_callables())
        .collect();

    for (name, _) in super::all() {
        assert!(called.iter().any(|callable| callable == name), "{name}");
    }
}

#[test]
fn our_templates_are_valid() {
    for found in ours() {
        found.template.validate().unwrap();
    }
}
