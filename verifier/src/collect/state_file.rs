//! Small files in the state folder in which one check tells the next what it saw.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::project::Project;

/// What an earlier check kept; without the file, or with half of it, nothing.
pub(super) fn read<T: DeserializeOwned + Default>(project: &Project, name: &str) -> T {
    let text = std::fs::read(project.state.join(name)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Renamed into place, since two checks may run at once. Where it cannot be written, the next check looks again.
pub(super) fn write<T: Serialize>(project: &Project, name: &str, kept: &T) {
    let Ok(text) = serde_json::to_vec(kept) else {
        return;
    };
    let part = format!("{name}.{}.part", std::process::id());
    let part = project.state.join(part);
    if std::fs::write(&part, text).is_ok() {
        let _ = std::fs::rename(&part, project.state.join(name));
    }
}
