//! The variables by which tests and other clients find the cluster (names of TAS-73).

use super::HEADER;
use crate::topology::{Role, Topology};

pub fn render(topology: &Topology) -> String {
    let lines: Vec<String> = variables(topology)
        .into_iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    format!("{HEADER}{}", lines.concat())
}

/// Name and value, plural (`_URLS`, comma-separated) before singular (`_URL`, the first).
pub fn variables(topology: &Topology) -> Vec<(String, String)> {
    let urls = |role: Role, service: Option<&str>| -> Vec<String> {
        topology
            .with_role(role)
            .filter(|(candidate, _)| service.is_none_or(|name| name == candidate.name))
            .map(|(_, instance)| format!("http://localhost:{}", instance.port))
            .collect()
    };
    let mut variables = vec![
        ("TASKER_TEST_MODE".to_owned(), topology.mode.to_string()),
        ("TASKER_TEST_PROFILE".to_owned(), topology.profile.clone()),
    ];
    let mut add = |name: String, urls: Vec<String>| {
        let Some(first) = urls.first() else { return };
        variables.push((format!("TASKER_TEST_{name}_URLS"), urls.join(",")));
        variables.push((format!("TASKER_TEST_{name}_URL"), first.clone()));
    };
    add("ORCHESTRATION".into(), urls(Role::Orchestration, None));
    add("WORKER".into(), urls(Role::Worker, None));
    for service in topology
        .services
        .iter()
        .filter(|service| service.role == Role::Worker)
    {
        let name = service.name.to_uppercase().replace('-', "_");
        add(name, urls(Role::Worker, Some(&service.name)));
    }
    variables
}
