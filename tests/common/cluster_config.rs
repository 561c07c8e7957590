//! Which instances a test talks to.

use std::time::Duration;

use cluster_verify::topology::{Role, Topology};

use crate::{Environment, LoadBalancingStrategy};

/// The instances of a cluster as a test sees them.
///
/// Without addresses by default: take them [from the environment](Self::from_env), [from a
/// topology](Self::from_topology), or write them out.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    pub orchestration_urls: Vec<String>,
    pub worker_urls: Vec<String>,
    pub load_balancing: LoadBalancingStrategy,
    /// How long one answer to a health probe may take.
    pub health_timeout: Duration,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            orchestration_urls: Vec::new(),
            worker_urls: Vec::new(),
            load_balancing: LoadBalancingStrategy::RoundRobin,
            health_timeout: Duration::from_secs(5),
        }
    }
}

impl ClusterConfig {
    /// By `TASKER_TEST_ORCHESTRATION_URLS` and `TASKER_TEST_WORKER_URLS` (or the singular `_URL`), of
    /// this process where one of both forms is set, else of the running cluster.
    pub fn from_env() -> Self {
        Self {
            orchestration_urls: urls_here("ORCHESTRATION"),
            worker_urls: urls_here("WORKER"),
            ..Self::default()
        }
    }

    /// The same with variables from elsewhere.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            orchestration_urls: urls(&lookup, "ORCHESTRATION"),
            worker_urls: urls(&lookup, "WORKER"),
            ..Self::default()
        }
    }

    /// All instances of a topology.
    pub fn from_topology(topology: &Topology) -> Self {
        let of_role = |role| {
            topology
                .with_role(role)
                .map(|(_, instance)| address(instance.port))
                .collect()
        };
        Self {
            orchestration_urls: of_role(Role::Orchestration),
            worker_urls: of_role(Role::Worker),
            ..Self::default()
        }
    }

    /// So many orchestration servers on ports from `base_port` on.
    pub fn with_orchestration_instances(count: usize, base_port: u16) -> Self {
        Self {
            orchestration_urls: (base_port..).take(count).map(address).collect(),
            ..Self::default()
        }
    }

    /// The workers of one language (`rust`, `ruby`, `python`, `typescript` or `ts`), by
    /// `TASKER_TEST_WORKER_RUST_URLS` and the like; none where the cluster has none.
    pub fn worker_urls_of(language: &str) -> Vec<String> {
        urls_here(&workers_of(language))
    }
}

/// What the variables of a language's workers have in common: `WORKER_TS` for TypeScript.
pub(crate) fn workers_of(language: &str) -> String {
    let language = match language {
        "typescript" => "TS".to_owned(),
        other => other.to_uppercase(),
    };
    format!("WORKER_{language}")
}

fn urls_here(name: &str) -> Vec<String> {
    let environment = Environment::get();
    let of_cluster = |name: &str| environment.variable(name);
    urls_of_first(&[&Environment::own_variable, &of_cluster], name)
}

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// By the first of these places that has either form: the rendered file has both, and what somebody sets by
/// hand may be the other one.
fn urls_of_first(places: &[Lookup<'_>], name: &str) -> Vec<String> {
    let mut all = places.iter().map(|lookup| urls(lookup, name));
    all.find(|urls| !urls.is_empty()).unwrap_or_default()
}

/// The plural variable, comma-separated, else the singular one.
fn urls(lookup: &impl Fn(&str) -> Option<String>, name: &str) -> Vec<String> {
    let plural = lookup(&format!("TASKER_TEST_{name}_URLS"));
    let value = plural.or_else(|| lookup(&format!("TASKER_TEST_{name}_URL")));
    value
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|url| !url.is_empty())
        .map(str::to_owned)
        .collect()
}

fn address(port: u16) -> String {
    format!("http://localhost:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            let found = pairs.iter().find(|(candidate, _)| *candidate == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_plural_variable_wins_and_blanks_are_left_out() {
        let config = ClusterConfig::from_variables(variables(&[
            ("TASKER_TEST_ORCHESTRATION_URLS", "http://a:1, http://b:2,"),
            ("TASKER_TEST_ORCHESTRATION_URL", "http://c:3"),
            ("TASKER_TEST_WORKER_URL", "http://d:4"),
        ]));

        assert_eq!(config.orchestration_urls, ["http://a:1", "http://b:2"]);
        assert_eq!(config.worker_urls, ["http://d:4"]);
    }

    #[test]
    fn a_language_has_variables_of_its_own() {
        let lookup = variables(&[
            ("TASKER_TEST_WORKER_TS_URLS", "http://a:1,http://b:2"),
            ("TASKER_TEST_WORKER_RUBY_URL", "http://c:3"),
        ]);

        assert_eq!(urls(&lookup, &workers_of("typescript")).len(), 2);
        assert_eq!(urls(&lookup, &workers_of("ts")).len(), 2);
        assert_eq!(urls(&lookup, &workers_of("ruby")), ["http://c:3"]);
        assert!(urls(&lookup, &workers_of("python")).is_empty());
    }

    #[test]
    fn a_singular_variable_of_the_process_wins_over_the_plural_one_of_the_rendered_file() {
        let own = variables(&[("TASKER_TEST_ORCHESTRATION_URL", "http://mine:1")]);
        let rendered = variables(&[
            ("TASKER_TEST_ORCHESTRATION_URLS", "http://a:1,http://b:2"),
            ("TASKER_TEST_WORKER_URLS", "http://c:3"),
        ]);

        let of = |name| urls_of_first(&[&own, &rendered], name);

        assert_eq!(of("ORCHESTRATION"), ["http://mine:1"]);
        assert_eq!(of("WORKER"), ["http://c:3"]);
        assert!(of("WORKER_RUST").is_empty());
    }

    #[test]
    fn instances_can_be_counted_from_a_base_port() {
        let config = ClusterConfig::with_orchestration_instances(2, 8080);

        assert_eq!(
            config.orchestration_urls,
            ["http://localhost:8080", "http://localhost:8081"]
        );
    }
}
