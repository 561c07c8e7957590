//! Evidence without the secrets that were in it.

use serde_json::Value;

use super::{Configuration, Evidence, Masks, Observed, SystemView};
use crate::topology::{Topology, Variable};

impl Evidence {
    /// Before it is judged or recorded, so that no finding can tell a secret and a replay judges the same.
    #[must_use]
    pub fn masked(mut self) -> Self {
        let mut masks = Masks::default();
        if let Observed::Seen(topology) = &mut self.topology {
            of_topology(topology, &mut masks);
        }
        of_configuration(&mut self.configuration, &mut masks);
        if let Observed::Seen(system) = &mut self.system {
            of_system(system, &mut masks);
        }
        for log in self.logs.values_mut() {
            if let Observed::Seen(log) = log {
                for line in &mut log.alarms {
                    line.text = masks.text(&line.text);
                }
            }
        }
        self
    }
}

fn of_topology(topology: &mut Topology, masks: &mut Masks) {
    let mut of_variables = |variables: &mut Vec<Variable>| {
        for Variable {
            name,
            setting,
            overrode,
        } in variables
        {
            for setting in std::iter::once(setting).chain(overrode) {
                setting.value = masks.value(name, &setting.value);
            }
        }
    };
    of_variables(&mut topology.shared);
    for service in &mut topology.services {
        of_variables(&mut service.variables);
        for instance in &mut service.instances {
            of_variables(&mut instance.environment);
        }
    }
    let instances = topology
        .services
        .iter_mut()
        .flat_map(|it| &mut it.instances);
    for url in instances.filter_map(|instance| instance.url.as_mut()) {
        *url = masks.text(url);
    }
}

fn of_configuration(configuration: &mut Configuration, masks: &mut Masks) {
    for (name, value) in &mut configuration.test_variables {
        *value = masks.value(name, value);
    }
    for file in configuration.engine_files.values_mut() {
        for (path, value) in &mut file.settings {
            of_setting(path, value, masks);
        }
        for placeholder in &mut file.placeholders {
            if let Some(default) = &mut placeholder.default {
                *default = masks.value(&placeholder.name, default);
            }
        }
    }
}

/// Numbers and switches tell nothing that could be used.
fn of_setting(path: &str, value: &mut Value, masks: &mut Masks) {
    match value {
        Value::String(text) => *text = masks.value(path, text),
        Value::Array(all) => all.iter_mut().for_each(|it| of_setting(path, it, masks)),
        Value::Object(all) => all
            .iter_mut()
            .for_each(|(key, it)| of_setting(&format!("{path}.{key}"), it, masks)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_system(system: &mut SystemView, masks: &mut Masks) {
    for process in &mut system.processes {
        of_command(&mut process.command, masks);
        for (name, value) in process.environment.iter_mut().flatten() {
            *value = masks.value(name, value);
        }
    }
}

/// An option's value may be a word of its own: `--password x`.
fn of_command(command: &mut [String], masks: &mut Masks) {
    let mut option = String::new();
    for word in command {
        *word = match word.starts_with('-') {
            true => masks.text(word),
            false => masks.value(&option, word),
        };
        option = match word.starts_with("--") && !word.contains('=') {
            true => word.clone(),
            false => String::new(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Check, Finding};
    use crate::checks::processes::EnvironmentDiffers;
    use crate::topology::{Origin, Setting};

    /// worker-rust-2 with two secrets, as rendered and as its process has them.
    fn evidence(token_of_process: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let variable = |name: &str, value: &str| Variable {
            name: name.into(),
            setting: Setting {
                value: value.into(),
                origin: Origin::Computed,
            },
            overrode: Vec::new(),
        };
        let instance = &mut evidence.topology.seen_mut().services[1].instances[1];
        instance
            .environment
            .push(variable("PAYMENT_TOKEN", "rendered-secret"));
        let process = &mut evidence.system.seen_mut().processes[3];
        let words = [
            "--password=of-the-command",
            "serve",
            "--token",
            "of-a-word",
            "--key",
        ];
        process.command.extend(words.map(str::to_owned));
        let environment = process.environment.as_mut().unwrap();
        environment.insert("PAYMENT_TOKEN".into(), token_of_process.into());
        environment.insert("ELSEWHERE".into(), "https://u:in-the-address@h".into());
        evidence
    }

    fn findings(evidence: &Evidence) -> Vec<Finding> {
        EnvironmentDiffers::judge(evidence).unwrap()
    }

    #[test]
    fn a_secret_that_differs_is_found_and_not_told_also_in_a_replay() {
        let masked = evidence("another-secret").masked();
        let recorded = serde_json::to_string(&masked).unwrap();
        let replayed: Evidence = serde_json::from_str(&recorded).unwrap();

        for evidence in [&masked, &replayed.masked()] {
            let findings = findings(evidence);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].evidence["variable"], "PAYMENT_TOKEN");
            let said = format!("{findings:?}");
            assert!(!said.contains("secret"), "{said}");
        }
        let command = &masked.system.ok().unwrap().processes[3].command;
        assert_eq!(
            command[command.len() - 4..],
            ["serve", "--token", "***3", "--key"]
        );
        for secret in ["-secret", "of-the-command", "of-a-word", "in-the-address"] {
            assert!(!recorded.contains(secret), "{secret}: {recorded}");
        }
    }

    #[test]
    fn a_secret_that_is_the_same_is_no_difference() {
        assert_eq!(findings(&evidence("rendered-secret").masked()), []);
    }

    #[test]
    fn settings_of_the_engine_are_masked_by_their_path() {
        let mut evidence = Evidence::healthy();
        let files = &mut evidence.configuration.engine_files;
        let file = files.values_mut().next().unwrap();
        let url = serde_json::json!("postgresql://u:s3cr3t@h/d");
        file.settings.insert("a.url".into(), url);
        let keys = serde_json::json!([{"key": "s3cr3t", "name": "n"}]);
        file.settings.insert("a.keys".into(), keys);

        let masked = evidence.masked();

        let file = masked.configuration.engine_files.values().next().unwrap();
        assert_eq!(file.settings["a.url"], "postgresql://u:***1@h/d");
        assert_eq!(file.settings["a.keys"][0]["key"], "***1");
    }
}
