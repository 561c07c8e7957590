//! An engine configuration as an instance's engine reads it: with its placeholders replaced.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::evidence::{Configuration, EngineFile, PathState, Unseen};
use crate::topology::{Instance, Service, Topology};

/// One engine configuration file with those who read it.
pub struct EngineSettings<'a> {
    pub path: &'a str,
    pub file: &'a EngineFile,
    pub readers: Vec<(&'a Service, &'a Instance)>,
}

/// Every engine configuration that is there and is TOML; that one is not has a code of its own.
///
/// # Errors
/// A file that was not looked at.
pub fn all<'a>(
    topology: &'a Topology,
    configuration: &'a Configuration,
) -> Result<Vec<EngineSettings<'a>>, Unseen> {
    let mut by_path: BTreeMap<&str, EngineSettings<'_>> = BTreeMap::new();
    for (service, instance) in topology.instances() {
        let Some(path) = instance.value("TASKER_CONFIG_PATH") else {
            continue;
        };
        let file = configuration.engine_files.get(path).ok_or_else(|| {
            Unseen::new(format!("the engine configuration {path}"), "nobody looked")
        })?;
        if file.state != PathState::File || file.problem.is_some() {
            continue;
        }
        let entry = by_path.entry(path).or_insert_with(|| EngineSettings {
            path,
            file,
            readers: Vec::new(),
        });
        entry.readers.push((service, instance));
    }
    Ok(by_path.into_values().collect())
}

impl EngineSettings<'_> {
    pub fn number(&self, key: &str) -> Option<u64> {
        self.file.settings.get(key)?.as_u64()
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        self.file.settings.get(key)?.as_bool()
    }

    /// A text after the placeholders in it are replaced as for this instance.
    pub fn text(&self, key: &str, instance: &Instance) -> Option<String> {
        match self.file.settings.get(key)? {
            Value::String(text) => Some(replaced(text, instance)),
            _ => None,
        }
    }

    /// Who reads the file, for a finding on the file.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self
            .readers
            .iter()
            .map(|(_, instance)| instance.id.as_str())
            .collect();
        names.join(", ")
    }
}

/// A variable without a value and without a default stays as it stands, as in the engine.
fn replaced(text: &str, instance: &Instance) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inner, after)) = after.split_once('}') else {
            break;
        };
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        result.push_str(before);
        match instance.value(name).or(default) {
            Some(value) => result.push_str(value),
            None => result.push_str(&format!("${{{inner}}}")),
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;

    #[test]
    fn a_placeholder_takes_the_instances_value_else_its_default_else_stays() {
        let evidence = Evidence::healthy();
        let (_, instance) = evidence
            .topology
            .ok()
            .unwrap()
            .instance("worker-rust-2")
            .unwrap();

        assert_eq!(
            replaced("${TASKER_INSTANCE_PORT:-1}/${NO:-x}/${NO}!", instance),
            "8101/x/${NO}!"
        );
        assert_eq!(replaced("a${open", instance), "a${open");
    }

    #[test]
    fn each_file_stands_once_with_all_who_read_it() {
        let evidence = Evidence::healthy();

        let files = all(evidence.topology.ok().unwrap(), &evidence.configuration).unwrap();

        assert_eq!(files.len(), 2);
        assert_eq!(files[1].names(), "worker-rust-1, worker-rust-2");
        assert_eq!(
            files[1].text("worker.web.bind_address", files[1].readers[1].1),
            Some("127.0.0.1:8101".into())
        );
    }
}
