//! Reads the identity records.

use std::collections::BTreeMap;

use crate::evidence::{Identity, Observed};
use crate::project::Project;
use crate::topology::Topology;

pub fn collect(project: &Project, topology: &Topology) -> BTreeMap<String, Observed<Identity>> {
    topology
        .instances()
        .map(|(_, instance)| (instance.id.clone(), read(project, &instance.id)))
        .collect()
}

fn read(project: &Project, id: &str) -> Observed<Identity> {
    let what = format!("the identity record of {id}");
    let path = project.state.join("run").join(id).join("identity.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Observed::unseen(what, error.to_string()),
    };
    match serde_json::from_str(&text) {
        Ok(identity) => Observed::Seen(identity),
        Err(error) => Observed::unseen(what, error.to_string()),
    }
}
