//! The engine's configuration files: it reads ONE complete file and merges nothing itself.

use toml::{Table, Value};

use super::{Artifact, EngineSources, HEADER};
use crate::topology::{PoolsFile, Problem};

pub const BASE: &str = "config/tasker/base.toml";

/// One file for each profile and role.
pub fn render(sources: &EngineSources, pools: &PoolsFile) -> Result<Vec<Artifact>, Problem> {
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
            merge(&mut table, sizes(pools, role));
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

/// The pools, which are sized for the whole cluster in one place.
fn sizes(pools: &PoolsFile, role: &str) -> Table {
    let pool = |size: u32| {
        let size = Table::from_iter([("max_connections".to_owned(), Value::from(size))]);
        Value::from(Table::from_iter([("pool".to_owned(), Value::from(size))]))
    };
    let (main, queues) = match role {
        "orchestration" => (pools.orchestration.main, pools.orchestration.queues),
        _ => (pools.worker.main, pools.worker.queues),
    };
    let common = Table::from_iter([
        ("database".to_owned(), pool(main)),
        ("pgmq_database".to_owned(), pool(queues)),
    ]);
    let mut table = Table::from_iter([("common".to_owned(), Value::from(common))]);
    if role == "orchestration" {
        let mut inner = Value::from(Table::from_iter([(
            "web_api_max_connections".to_owned(),
            Value::from(pools.orchestration.web),
        )]));
        for name in ["database_pools", "web", "orchestration"] {
            inner = Value::from(Table::from_iter([(name.to_owned(), inner)]));
        }
        if let Value::Table(inner) = inner {
            merge(&mut table, inner);
        }
    }
    table
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
    use crate::topology::file::{ServerPools, WorkerPools};

    const POOLS: PoolsFile = PoolsFile {
        orchestration: ServerPools {
            main: 30,
            queues: 10,
            web: 15,
        },
        worker: WorkerPools {
            main: 20,
            queues: 5,
        },
    };

    #[test]
    fn the_pools_have_the_sizes_of_the_clusters_file_whatever_a_profile_says() {
        let overlay = "[common.database.pool]\nmax_connections = 7\nmin_connections = 2\n";
        let sources = EngineSources {
            base: "[orchestration.web.database_pools]\nweb_api_pool_size = 1\n[worker]\n".into(),
            profiles: [("p".to_owned(), overlay.to_owned())].into(),
        };

        let files = render(&sources, &POOLS).unwrap();

        let server: Table = toml::from_str(&files[0].content).unwrap();
        let pool = &server["common"]["database"]["pool"];
        assert_eq!(pool["max_connections"].as_integer(), Some(30));
        assert_eq!(pool["min_connections"].as_integer(), Some(2));
        let web = &server["orchestration"]["web"]["database_pools"];
        assert_eq!(web["web_api_max_connections"].as_integer(), Some(15));
        assert_eq!(web["web_api_pool_size"].as_integer(), Some(1));
        let worker: Table = toml::from_str(&files[1].content).unwrap();
        let queues = &worker["common"]["pgmq_database"]["pool"];
        assert_eq!(queues["max_connections"].as_integer(), Some(5));
    }

    #[test]
    fn a_profile_changes_its_keys_and_each_role_gets_its_own_section() {
        let sources = EngineSources {
            base: "[common]\na = 1\nb = 1\n[worker]\nw = 1\n[orchestration]\no = 1\n".into(),
            profiles: [("fast".to_owned(), "[common]\nb = 2\n".to_owned())].into(),
        };

        let files = render(&sources, &POOLS).unwrap();

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
