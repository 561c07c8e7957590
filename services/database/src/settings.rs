//! What the environment says about the database.

use std::path::{Path, PathBuf};

use instance::Failure;

/// Under which of the engine's profiles the cluster runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As Tasker ships it.
    Stock,
    /// With a poll of an empty queue that gives up early.
    Polling,
}

impl Profile {
    /// As the variable TASKER_ENGINE_PROFILE has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Polling => "polling",
        }
    }
}

/// Where the database is and what it is called.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The cluster's state folder.
    pub state: PathBuf,
    /// Takes the data folder.
    pub home: PathBuf,
    /// Folder of PostgreSQL's programs; none: they are on PATH.
    pub bin: Option<PathBuf>,
    /// Folder whose subfolder `extension` has PGMQ.
    pub extension_path: Option<PathBuf>,
    /// On the loopback address.
    pub port: u16,
    /// Connections that the server grants.
    pub max_connections: u16,
    /// The engine's database.
    pub database: String,
    /// A database of their own for the queues.
    pub pgmq_database: Option<String>,
    /// The engine's profile.
    pub profile: Profile,
}

impl Settings {
    /// Reads and checks the environment.
    pub fn read() -> Result<Self, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| Failure::other(format!("no working folder: {error}")))?;
        Self::from_lookup(&here, |name| {
            std::env::var(name).ok().filter(|value| !value.is_empty())
        })
    }

    fn from_lookup(here: &Path, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let folder = |name: &str| lookup(name).map(|path| here.join(path));
        let state = folder("TASKER_CLUSTER_STATE").unwrap_or_else(|| here.join(".cluster"));
        let port = lookup("TASKER_POSTGRES_PORT").unwrap_or_else(|| "15432".to_owned());
        let connections =
            lookup("TASKER_POSTGRES_MAX_CONNECTIONS").unwrap_or_else(|| "400".to_owned());
        let profile = lookup("TASKER_ENGINE_PROFILE").unwrap_or_else(|| "stock".to_owned());
        Ok(Self {
            home: folder("TASKER_POSTGRES_HOME").unwrap_or_else(|| state.join("postgres")),
            state,
            bin: folder("TASKER_POSTGRES_BIN"),
            extension_path: folder("TASKER_PGMQ_EXTENSION_PATH"),
            port: port.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                Failure::configuration(format!(
                    "TASKER_POSTGRES_PORT is `{port}`: give a port from 1 to 65535"
                ))
            })?,
            max_connections: connections.parse().map_err(|_| {
                Failure::configuration(format!(
                    "TASKER_POSTGRES_MAX_CONNECTIONS is `{connections}`: give a number"
                ))
            })?,
            database: name(
                "TASKER_POSTGRES_DATABASE",
                lookup("TASKER_POSTGRES_DATABASE"),
            )?
            .unwrap_or_else(|| "tasker".to_owned()),
            pgmq_database: name("PGMQ_DATABASE", lookup("PGMQ_DATABASE"))?,
            profile: match profile.as_str() {
                "stock" => Profile::Stock,
                "polling" => Profile::Polling,
                _ => {
                    return Err(Failure::configuration(format!(
                        "TASKER_ENGINE_PROFILE is `{profile}`: give stock or polling"
                    )));
                }
            },
        })
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// One of PostgreSQL's programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin
            .as_ref()
            .map_or_else(|| name.into(), |bin| bin.join(name))
    }
}

/// A database's name goes into SQL and into the engine's URL, whose pattern allows no more than this.
fn name(variable: &str, value: Option<String>) -> Result<Option<String>, Failure> {
    match value {
        Some(name) if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            Err(Failure::configuration(format!(
                "{variable} is `{name}`: give letters, digits and underscores"
            )))
        }
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::from_lookup(Path::new("/project"), |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_settings_everything_is_in_the_state_folder() {
        let settings = read(&[]).unwrap();

        assert_eq!(
            settings.data(),
            Path::new("/project/.cluster/postgres/data")
        );
        assert_eq!(
            (settings.port, settings.database.as_str(), settings.profile),
            (15432, "tasker", Profile::Stock)
        );
        assert_eq!(settings.program("postgres"), Path::new("postgres"));
    }

    #[test]
    fn a_home_of_its_own_leaves_the_state_folder() {
        let settings = read(&[
            ("TASKER_CLUSTER_STATE", "/s"),
            ("TASKER_POSTGRES_HOME", "/var/pg"),
        ])
        .unwrap();

        assert_eq!(
            (settings.state.as_path(), settings.data().as_path()),
            (Path::new("/s"), Path::new("/var/pg/data"))
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_accepted() {
        assert_eq!(
            read(&[("TASKER_ENGINE_PROFILE", "fast")]).unwrap_err(),
            "TASKER_ENGINE_PROFILE is `fast`: give stock or polling"
        );
        assert_eq!(
            read(&[("PGMQ_DATABASE", "a; DROP")]).unwrap_err(),
            "PGMQ_DATABASE is `a; DROP`: give letters, digits and underscores"
        );
        assert_eq!(
            read(&[("TASKER_POSTGRES_PORT", "0")]).unwrap_err(),
            "TASKER_POSTGRES_PORT is `0`: give a port from 1 to 65535"
        );
    }
}
