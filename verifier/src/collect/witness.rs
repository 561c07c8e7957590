//! Reads the witness files.

use std::io::{BufRead, BufReader};

use crate::evidence::{Observed, WitnessView};
use crate::project::Project;

/// Every line of every witness file, the rotated ones before the current ones.
pub fn collect(project: &Project) -> Observed<WitnessView> {
    let folder = project.state.join("witness");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) => {
            return Observed::unseen("witness files", format!("{}: {error}", folder.display()));
        }
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.reverse();
    let mut view = WitnessView::default();
    for path in paths {
        let Ok(file) = std::fs::File::open(&path) else {
            continue;
        };
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        for (index, line) in BufReader::new(file).lines().enumerate() {
            let parsed = line
                .map_err(|error| error.to_string())
                .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
            match parsed {
                Ok(line) => view.lines.push(line),
                Err(reason) => view
                    .unreadable
                    .push(format!("{name}:{}: {reason}", index + 1)),
            }
        }
    }
    Observed::Seen(view)
}
