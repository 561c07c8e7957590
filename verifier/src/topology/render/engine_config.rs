//! The engine's configuration files: it reads ONE complete file and merges nothing itself.

use toml::{Table, Value};

use super::{Artifact, EngineSources, HEADER};
use crate::topology::Problem;

pub const BASE: &str = "config/tasker/base.toml";

/// One file for each profile and role.
pub fn render(sources: &EngineSources) -> Result<Vec<Artifact>, Problem> {
    let base = parse(BASE, &sources.base)?;
    let mut artifacts = Vec::new();
    for (profile, overlay) in &sources.profiles {
        let overlay = parse(&format!("config/tasker/profiles/{profile}.toml"), overlay)?;
        let mut merged = base.clone();
        merge(&mut merged, overlay);
        for (role, foreign) in [("orchestration", "worker"), ("worker", "orchestration")] {
            let mut table = merged.clone();
            // A file of the other role's section too is what let workers run on a server's file.
            table.remove(foreign);
            artifacts.push(Artifact {
                path: format!("config/tasker/generated/{role}-{profile}.toml"),
                content: format!(
                    "{}{}",
                    HEADER.replace("config/cluster.toml", "config/tasker/"),
                    toml::to_string_pretty(&table).unwrap_or_default()
                ),
            });
        }
    }
    Ok(artifacts)
}

fn parse(path: &str, text: &str) -> Result<Table, Problem> {
    toml::from_str(text).map_err(|error| Problem::from_toml(path, text, &error))
}

/// Tables merge key by key; everything else is replaced.
fn merge(base: &mut Table, overlay: Table) {
    for (key, value) in overlay {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => merge(into, from),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_changes_its_keys_and_each_role_gets_its_own_section() {
        let sources = EngineSources {
            base: "[common]\na = 1\nb = 1\n[worker]\nw = 1\n[orchestration]\no = 1\n".into(),
            profiles: [("fast".to_owned(), "[common]\nb = 2\n".to_owned())].into(),
        };

        let files = render(&sources).unwrap();

        let server: Table = toml::from_str(&files[0].content).unwrap();
        assert_eq!(
            files[0].path,
            "config/tasker/generated/orchestration-fast.toml"
        );
        assert_eq!(server["common"]["a"].as_integer(), Some(1));
        assert_eq!(server["common"]["b"].as_integer(), Some(2));
        assert!(server.contains_key("orchestration") && !server.contains_key("worker"));
    }
}
