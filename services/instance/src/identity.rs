//! The identity record: what joins the instance's name to the ids that the engine made up for it.

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{ENGINE_VERSION, Environment, Failure};

/// The ids that the engine gave this process at boot. All are new at each start.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    /// Written into `task_transitions.processor_uuid`.
    pub processor_uuid: String,
    /// Written into `workflow_step_result_audit.worker_uuid`; a server has none.
    pub worker_uuid: Option<String>,
    /// Shown by a worker's REST interface; a server has none.
    pub rest_id: Option<String>,
}

impl Ids {
    /// Those of a worker, of which the engine tells the one with a prefix and the other without.
    pub fn of_worker(processor: impl Display, worker_id: &str, core: impl Display) -> Self {
        Self {
            processor_uuid: processor.to_string(),
            worker_uuid: Some(worker_id.trim_start_matches("worker_").to_owned()),
            rest_id: Some(format!("worker-{core}")),
        }
    }
}

/// `identity.json`: one line, complete from the moment it exists.
#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    instance: String,
    service: String,
    pid: u32,
    version: String,
    engine_version: String,
    language: String,
    executable: PathBuf,
    started_at: String,
    port: u16,
    processor_uuid: String,
    worker_uuid: Option<String>,
    rest_id: Option<String>,
    namespaces: Vec<String>,
    handlers: Vec<String>,
}

impl Identity {
    /// The record of this process, which serves on `port`.
    pub fn new(environment: &Environment, service: &crate::Service, port: u16, ids: Ids) -> Self {
        Self {
            instance: environment.instance.clone(),
            service: service.name.clone().into_owned(),
            pid: std::process::id(),
            version: service.version.to_owned(),
            engine_version: ENGINE_VERSION.to_owned(),
            language: "rust".to_owned(),
            executable: std::env::current_exe().unwrap_or_default(),
            started_at: rfc3339(service.started_at),
            port,
            processor_uuid: ids.processor_uuid,
            worker_uuid: ids.worker_uuid,
            rest_id: ids.rest_id,
            namespaces: Vec::new(),
            handlers: Vec::new(),
        }
    }

    /// As the record of a host in another language that has the engine as a library.
    #[must_use]
    pub fn hosted_by(
        mut self,
        language: impl Into<String>,
        executable: impl Into<PathBuf>,
    ) -> Self {
        self.language = language.into();
        self.executable = executable.into();
        self
    }

    /// With the namespaces whose queues this worker reads and the handlers that it has.
    #[must_use]
    pub fn serving(mut self, mut namespaces: Vec<String>, mut handlers: Vec<String>) -> Self {
        namespaces.sort();
        handlers.sort();
        self.namespaces = namespaces;
        self.handlers = handlers;
        self
    }

    /// Writes `identity.json` into `folder`, by way of a temporary file so that nobody reads half a record.
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join("identity.json");
        let partial = folder.join(format!("identity.json.{}", self.pid));
        let failed = |error: std::io::Error| {
            Failure::other(format!("cannot write {}: {error}", path.display()))
        };
        let mut line = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut file = std::fs::File::create(&partial).map_err(failed)?;
        file.write_all(&line).map_err(failed)?;
        std::fs::rename(&partial, &path).map_err(failed)
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_called_as_the_database_and_the_rest_interface_call_it() {
        let ids = Ids::of_worker("p", "worker_w", "c");

        assert_eq!(ids.worker_uuid.as_deref(), Some("w"));
        assert_eq!(ids.rest_id.as_deref(), Some("worker-c"));
    }

    #[test]
    fn the_record_is_one_line_with_every_key() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment {
            instance: "worker-rust-1".into(),
            port: 8100,
            run_dir: folder.path().into(),
        };
        let service = crate::Service::new("worker-rust", "1.2.3");
        let ids = Ids {
            processor_uuid: "p".into(),
            worker_uuid: Some("w".into()),
            rest_id: None,
        };

        Identity::new(&environment, &service, 8100, ids)
            .serving(vec!["b".into(), "a".into()], vec![])
            .write(folder.path())
            .unwrap();

        let text = std::fs::read_to_string(folder.path().join("identity.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(record["namespaces"], serde_json::json!(["a", "b"]));
        assert_eq!(record["rest_id"], serde_json::Value::Null);
        for key in [
            "instance",
            "service",
            "pid",
            "version",
            "engine_version",
            "language",
            "executable",
            "started_at",
            "port",
        ] {
            assert!(!record[key].is_null(), "{key}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
