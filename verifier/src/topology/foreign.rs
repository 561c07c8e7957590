//! A cluster that this project did not start, by its addresses: from a file or from the variables of tests.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Database, Engine, Instance, Mode, Problem, Role, Service, Topology};

/// The variables of tests (TAS-73), between which the service's name stands.
const PREFIX: &str = "TASKER_TEST_";

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignCluster {
    /// Addresses of the orchestration servers.
    pub orchestration: Vec<String>,
    /// Addresses of the workers, by service.
    #[serde(default)]
    pub workers: BTreeMap<String, Vec<String>>,
    /// `postgresql://…` of the engine's database; `$NAME` takes it from a variable. None: no access.
    pub database: Option<String>,
    /// The same for the queues, where they have a database of their own.
    pub queues: Option<String>,
    /// The engine's version, by which known findings are told.
    pub engine: Option<String>,
    /// The engine's profile, likewise.
    pub profile: Option<String>,
    /// A file like `config/workloads.toml`, relative to this one, with the canaries to send. None: none are sent.
    pub workloads: Option<String>,
}

impl ForeignCluster {
    /// Reads a file.
    ///
    /// # Errors
    /// The place where it does not parse, or the address that is none.
    pub fn from_file(
        path: &Path,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Problem::of_file(&name, format!("cannot be read: {error}")))?;
        let mut cluster: Self =
            toml::from_str(&text).map_err(|error| Problem::from_toml(&name, &text, &error))?;
        for url in [&mut cluster.database, &mut cluster.queues]
            .into_iter()
            .flatten()
        {
            if let Some(variable) = url.strip_prefix('$') {
                *url = lookup(variable).ok_or_else(|| {
                    Problem::of_file(
                        &name,
                        format!("takes an address from {variable}, which is not set"),
                    )
                })?;
            }
        }
        if let Some(workloads) = &mut cluster.workloads {
            let beside = path.parent().unwrap_or(Path::new("."));
            *workloads = beside.join(&workloads).display().to_string();
        }
        cluster.checked(&name)
    }

    /// Takes `TASKER_TEST_*_URLS`, or `_URL`, with `DATABASE_URL` and `PGMQ_DATABASE_URL` where they are set.
    ///
    /// # Errors
    /// There is no orchestration server, or an address that is none.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problem> {
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        let value = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        let mut by_service: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // Plural after singular, which names the first alone.
        for suffix in ["_URL", "_URLS"] {
            for (name, urls) in &variables {
                let service = name
                    .strip_prefix(PREFIX)
                    .and_then(|it| it.strip_suffix(suffix));
                let urls: Vec<String> = urls.split(',').map(|it| it.trim().to_owned()).collect();
                if let (Some(service), false) = (service, urls.iter().all(String::is_empty)) {
                    by_service.insert(service.to_lowercase().replace('_', "-"), urls);
                }
            }
        }
        let orchestration = by_service.remove("orchestration").unwrap_or_default();
        let all = by_service.remove("worker");
        let mut workers: BTreeMap<String, Vec<String>> = by_service
            .into_iter()
            .filter(|(service, _)| service.starts_with("worker-"))
            .collect();
        if let (Some(all), true) = (all, workers.is_empty()) {
            workers.insert("worker".to_owned(), all);
        }
        Self {
            orchestration,
            workers,
            database: value("DATABASE_URL").cloned(),
            queues: value("PGMQ_DATABASE_URL").cloned(),
            profile: value("TASKER_TEST_PROFILE").cloned(),
            ..Self::default()
        }
        .checked("TASKER_TEST_ORCHESTRATION_URLS")
    }

    fn checked(self, place: &str) -> Result<Self, Problem> {
        let urls = self
            .orchestration
            .iter()
            .chain(self.workers.values().flatten());
        let is_address = |url: &&String| {
            reqwest::Url::parse(url)
                .is_ok_and(|it| matches!(it.scheme(), "http" | "https") && it.has_host())
        };
        if let Some(wrong) = urls.clone().find(|url| !is_address(url)) {
            let what = format!("`{wrong}` is no address like http://host:8080");
            return Err(Problem::of_file(place, what));
        }
        if self.orchestration.is_empty() {
            return Err(Problem::of_file(
                place,
                "names no orchestration server".to_owned(),
            ));
        }
        for url in [&self.database, &self.queues].into_iter().flatten() {
            if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                // Not the value: it may hold a password.
                let what = "the database's address does not begin with postgresql://".to_owned();
                return Err(Problem::of_file(place, what));
            }
        }
        Ok(self)
    }

    /// What is known of it as a topology; nothing of files, processes or environments.
    pub fn topology(&self) -> Topology {
        let database = self
            .database
            .as_deref()
            .and_then(|url| reqwest::Url::parse(url).ok());
        let name = |url: &reqwest::Url| url.path().trim_start_matches('/').to_owned();
        let mut services = vec![service(
            "orchestration",
            Role::Orchestration,
            &self.orchestration,
        )];
        let workers = self.workers.iter();
        services.extend(workers.map(|(name, urls)| service(name, Role::Worker, urls)));
        Topology {
            engine: Engine {
                version: self.engine.clone().unwrap_or_else(|| "unknown".to_owned()),
                path: None,
                commit: None,
                content: None,
                migrations: Vec::new(),
            },
            mode: Mode::default(),
            profile: self.profile.clone().unwrap_or_else(|| "unknown".to_owned()),
            port_offset: 0,
            split: self.queues.is_some(),
            database: Database {
                port: database
                    .as_ref()
                    .and_then(reqwest::Url::port)
                    .unwrap_or(5432),
                name: database.as_ref().map(name).unwrap_or_default(),
                queues: None,
                role: database
                    .as_ref()
                    .map(|it| it.username().to_owned())
                    .unwrap_or_default(),
                max_connections: 0,
                major: 0,
                pgmq: String::new(),
            },
            pools: Default::default(),
            shared: Default::default(),
            services,
        }
    }
}

fn service(name: &str, role: Role, urls: &[String]) -> Service {
    let instance = |(number, url): (u16, &String)| Instance {
        id: format!("{name}-{number}"),
        number,
        port: reqwest::Url::parse(url)
            .ok()
            .and_then(|it| it.port_or_known_default())
            .unwrap_or(0),
        grpc_port: 0,
        environment: Vec::new(),
        url: Some(url.clone()),
    };
    Service {
        name: name.to_owned(),
        role,
        language: None,
        command: Vec::new(),
        environment: String::new(),
        variables: Default::default(),
        templates: None,
        port: 0,
        ready_timeout_seconds: 0,
        stop_timeout_seconds: 0,
        instances: (1..).zip(urls).map(instance).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Result<ForeignCluster, String> {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ForeignCluster::from_variables(owned).map_err(|problem| problem.to_string())
    }

    #[test]
    fn the_variables_of_tests_name_every_instance() {
        let cluster = variables(&[
            (
                "TASKER_TEST_ORCHESTRATION_URLS",
                "http://a:8080, http://b:8080/",
            ),
            ("TASKER_TEST_ORCHESTRATION_URL", "http://a:8080"),
            ("TASKER_TEST_WORKER_URLS", "http://c:1,http://d:1"),
            ("TASKER_TEST_WORKER_RUST_URL", "http://c:1"),
            ("TASKER_TEST_WORKER_TS_URLS", "http://d:1"),
            ("DATABASE_URL", "postgresql://u:secret@db:5433/tasker"),
        ])
        .unwrap();

        let topology = cluster.topology();

        let ids: Vec<String> = topology
            .instances()
            .map(|(_, it)| format!("{} {}", it.id, it.base_url()))
            .collect();
        assert_eq!(
            ids,
            [
                "orchestration-1 http://a:8080",
                "orchestration-2 http://b:8080",
                "worker-rust-1 http://c:1",
                "worker-ts-1 http://d:1"
            ]
        );
        assert!(topology.is_foreign());
        assert_eq!(
            (topology.database.port, topology.database.name.as_str()),
            (5433, "tasker")
        );
    }

    #[test]
    fn singular_forms_and_workers_of_no_known_service_are_enough() {
        let cluster = variables(&[
            ("TASKER_TEST_ORCHESTRATION_URL", "http://a:8080"),
            ("TASKER_TEST_WORKER_URL", "http://c:1"),
        ])
        .unwrap();

        assert_eq!(cluster.workers["worker"], ["http://c:1"]);
        assert_eq!(cluster.database, None);
    }

    #[test]
    fn what_is_no_address_is_named_and_a_password_never_is() {
        assert!(
            variables(&[])
                .unwrap_err()
                .contains("names no orchestration server")
        );
        let wrong = variables(&[("TASKER_TEST_ORCHESTRATION_URL", "localhost:8080")]);
        assert!(
            wrong
                .unwrap_err()
                .contains("`localhost:8080` is no address")
        );
        let wrong = variables(&[
            ("TASKER_TEST_ORCHESTRATION_URL", "http://a"),
            ("DATABASE_URL", "mysql://u:secret@db/x"),
        ]);
        assert!(!wrong.unwrap_err().contains("secret"));
    }
}
