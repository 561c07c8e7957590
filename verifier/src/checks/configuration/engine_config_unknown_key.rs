use super::engine_settings::{self, EngineSettings};
use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Unseen};

/// An engine configuration has a key that the engine does not know and ignores without a word.
///
/// Most are misspelt: the setting that was meant keeps its old value.
pub struct EngineConfigUnknownKey;

/// The release of the engine whose keys are listed.
const ENGINE: &str = "0.1.8";
const KEYS: &str = include_str!("engine_keys.txt");

impl Check for EngineConfigUnknownKey {
    const CODE: Code = Code::new(116);
    const NAME: &'static str = "engine-config-unknown-key";
    const TITLE: &'static str = "the engine knows every key of its configuration";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        if topology.engine.version != ENGINE {
            let version = &topology.engine.version;
            return Err(Unseen::new(
                format!("the configuration keys of engine {version}"),
                format!("this tool has the list of {ENGINE}"),
            ));
        }
        let files = engine_settings::all(topology, &evidence.configuration)?;
        Ok(files.iter().filter_map(defect).collect())
    }
}

fn defect(file: &EngineSettings<'_>) -> Option<Finding> {
    let unknown: Vec<&str> = file
        .file
        .settings
        .keys()
        .map(String::as_str)
        .filter(|key| !is_known(key))
        .collect();
    let mut names: Vec<&str> = unknown.iter().map(|key| outermost(key)).collect();
    names.dedup();
    let (first, more) = names.split_first()?;
    let observed = match more.len() {
        0 => format!("the engine ignores {first}"),
        more => format!("the engine ignores {first} and {more} more"),
    };
    let mut finding = Finding::about(file.path)
        .observed(observed)
        .evidence("unknown", names.join(", "))
        .evidence("instances", file.names())
        .hint(
            "correct or remove them in config/tasker/base.toml and config/tasker/profiles/, then \
             `cluster-verify render`",
        );
    for key in unknown {
        if let Some(likely) = nearest(key) {
            finding = finding.evidence(key, format!("perhaps {likely}"));
        }
    }
    Some(finding)
}

/// The key itself, or the first table on the way to it that the engine does not know either.
fn outermost(key: &str) -> &str {
    key.match_indices('.')
        .map(|(end, _)| &key[..end])
        .find(|table| !keys().any(|known| known.starts_with(&format!("{table}."))))
        .unwrap_or(key)
}

fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.lines().filter(|line| !line.starts_with('#'))
}

fn is_known(key: &str) -> bool {
    keys().any(|known| {
        key.strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The known key of the same table that differs in at most two letters.
fn nearest(key: &str) -> Option<&'static str> {
    let (table, name) = key.rsplit_once('.')?;
    keys().find(|known| {
        known
            .rsplit_once('.')
            .is_some_and(|(other_table, other_name)| {
                table == other_table && distance(name, other_name) <= 2
            })
    })
}

/// Letters to insert, delete or replace to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 1..=to.len() {
            let replaced = diagonal + usize::from(letter != to[column - 1]);
            diagonal = row[column];
            row[column] = replaced.min(row[column] + 1).min(row[column - 1] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn with(key: &str) -> Evidence {
        let mut evidence = Evidence::healthy();
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("worker.toml").unwrap();
        file.settings.insert(key.into(), json!(1));
        evidence
    }

    #[test]
    fn a_misspelt_key_is_found_with_the_one_that_was_likely_meant() {
        let key = "common.database.pool.max_conections";

        let findings = fires::<EngineConfigUnknownKey>(&with(key));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker.toml");
        assert_eq!(
            findings[0].evidence[key],
            "perhaps common.database.pool.max_connections"
        );
    }

    #[test]
    fn a_table_that_the_engine_does_not_know_is_found_as_a_whole() {
        let mut evidence = with("logging.level");
        let files = &mut evidence.configuration.engine_files;
        let file = files.get_mut("worker.toml").unwrap();
        file.settings.insert("logging.format".into(), json!("x"));

        let findings = fires::<EngineConfigUnknownKey>(&evidence);

        assert_eq!(findings[0].observed, "the engine ignores logging");
    }

    #[test]
    fn optional_keys_and_what_stands_below_a_list_are_known() {
        silent::<EngineConfigUnknownKey>(&with("common.cache.redis.url"));
        silent::<EngineConfigUnknownKey>(&with("worker.orchestration_client.auth.token"));
    }

    #[test]
    fn the_keys_of_another_engine_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.topology.seen_mut().engine.version = "0.2.0".into();

        unknown::<EngineConfigUnknownKey>(&evidence);
    }

    #[test]
    fn a_distance_is_the_number_of_changes() {
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("abc", "axcd"), 2);
    }
}
