//! Which instance this process is: read from the environment that `services/launch` sets.

use std::path::PathBuf;

use crate::Failure;

/// What the cluster tells each of its processes.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Name of the instance, such as `worker-rust-1`.
    pub instance: String,
    /// The port it is meant to listen on.
    pub port: u16,
    /// Its own working folder, which takes the identity record.
    pub run_dir: PathBuf,
}

impl Environment {
    /// Reads and checks the variables of this process.
    pub fn read() -> Result<Self, Failure> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let required = |name: &str| {
            lookup(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    Failure::configuration(format!(
                        "{name} is not set: start the instance through `services/launch`"
                    ))
                })
        };
        let port = required("TASKER_INSTANCE_PORT")?;
        Ok(Self {
            instance: required("TASKER_INSTANCE_ID")?,
            port: port.parse().map_err(|_| {
                Failure::configuration(format!(
                    "TASKER_INSTANCE_PORT is `{port}`: give a port from 1 to 65535"
                ))
            })?,
            run_dir: required("TASKER_RUN_DIR")?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<Environment, String> {
        Environment::from_lookup(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_launcher_s_variables_say_who_we_are() {
        let environment = read(&[
            ("TASKER_INSTANCE_ID", "worker-rust-2"),
            ("TASKER_INSTANCE_PORT", "8101"),
            ("TASKER_RUN_DIR", "/r"),
        ])
        .unwrap();

        assert_eq!(
            (environment.instance.as_str(), environment.port),
            ("worker-rust-2", 8101)
        );
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = read(&[("TASKER_INSTANCE_PORT", "8101")]).unwrap_err();

        assert_eq!(
            error,
            "TASKER_INSTANCE_ID is not set: start the instance through `services/launch`"
        );
    }

    #[test]
    fn a_port_that_is_none_is_named() {
        let error = read(&[
            ("TASKER_INSTANCE_ID", "i"),
            ("TASKER_INSTANCE_PORT", "80800"),
        ])
        .unwrap_err();

        assert_eq!(
            error,
            "TASKER_INSTANCE_PORT is `80800`: give a port from 1 to 65535"
        );
    }
}
