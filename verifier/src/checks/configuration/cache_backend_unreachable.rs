use super::engine_settings;
use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The engine's cache is to be in a server that is no part of the cluster.
///
/// The engine warns once and goes on without any cache: a stock configuration
/// names redis, and every read of a template then goes to the database.
pub struct CacheBackendUnreachable;

impl Check for CacheBackendUnreachable {
    const CODE: Code = Code::new(121);
    const NAME: &'static str = "cache-backend-unreachable";
    const TITLE: &'static str = "the engine's cache needs no server beyond the cluster";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let files = engine_settings::all(topology, &evidence.configuration)?;
        Ok(files
            .iter()
            .filter(|file| file.flag("common.cache.enabled") == Some(true))
            .filter_map(|file| {
                let (_, instance) = file.readers.first()?;
                let backend = file.text("common.cache.backend", instance)?;
                let server = match backend.as_str() {
                    "redis" | "dragonfly" => "redis",
                    "memcached" => "memcached",
                    _ => return None,
                };
                let url = file.text(&format!("common.cache.{server}.url"), instance);
                Some(
                    Finding::about(file.path)
                        .observed(format!(
                            "its cache is {backend}, and {server} is no part of the cluster"
                        ))
                        .evidence("common.cache.backend", &backend)
                        .evidence("url", url.as_deref().unwrap_or("not set"))
                        .evidence("instances", file.names())
                        .hint(
                            "set `backend = \"moka\"` (in the process) or `enabled = false` under \
                             [common.cache] in config/tasker/base.toml, then `cluster-verify render`",
                        ),
                )
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn with(key: &str, value: serde_json::Value) -> Evidence {
        let mut evidence = Evidence::healthy();
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("worker.toml").unwrap();
        file.settings
            .insert("common.cache.enabled".into(), json!(true));
        file.settings.insert(key.into(), value);
        evidence
    }

    #[test]
    fn a_server_that_the_cluster_lacks_is_found_once_for_all_who_read_the_file() {
        for backend in ["redis", "dragonfly", "memcached"] {
            let evidence = with("common.cache.backend", json!(backend));

            let findings = fires::<CacheBackendUnreachable>(&evidence);

            assert_eq!(findings.len(), 1);
            assert_eq!(
                findings[0].evidence["instances"],
                "worker-rust-1, worker-rust-2"
            );
        }
    }

    #[test]
    fn a_cache_in_the_process_or_none_at_all_needs_no_server() {
        silent::<CacheBackendUnreachable>(&with("common.cache.backend", json!("moka")));

        let mut evidence = with("common.cache.backend", json!("redis"));
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("worker.toml").unwrap();
        file.settings
            .insert("common.cache.enabled".into(), json!(false));
        silent::<CacheBackendUnreachable>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_files_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.configuration.engine_files.clear();

        unknown::<CacheBackendUnreachable>(&evidence);
    }
}
