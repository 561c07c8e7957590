//! The queues from which a server takes, by its configuration.

use serde_json::Value;

use crate::evidence::{Evidence, Unseen};
use crate::topology::Instance;

const SECTION: &str = "common.queues.orchestration_queues.";

/// The names of the server's queues, each once.
///
/// # Errors
/// Its configuration was not read, or names none.
pub fn queues_of<'a>(evidence: &'a Evidence, server: &Instance) -> Result<Vec<&'a str>, Unseen> {
    let path = server.value("TASKER_CONFIG_PATH").unwrap_or_default();
    let file = evidence.configuration.engine_files.get(path);
    let settings = file.into_iter().flat_map(|file| &file.settings);
    let mut names: Vec<&str> = settings
        .filter(|(key, _)| key.starts_with(SECTION))
        .filter_map(|(_, value)| Value::as_str(value))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        let why = format!("the configuration of {} names none", server.id);
        return Err(Unseen::new("the servers' queues", why));
    }
    Ok(names)
}
