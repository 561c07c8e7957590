//! Reads an engine configuration file as data: its values, and its placeholders as text.

use std::collections::BTreeMap;

use toml::Table;

use super::path_state;
use crate::evidence::{EngineFile, Placeholder};
use crate::project::Project;
use crate::topology::Problem;

pub fn read(project: &Project, path: &str) -> EngineFile {
    let absolute = project.path(path);
    let mut file = EngineFile {
        state: path_state(&absolute),
        problem: None,
        tables: Vec::new(),
        settings: BTreeMap::new(),
        placeholders: Vec::new(),
    };
    let Ok(text) = std::fs::read_to_string(&absolute) else {
        return file;
    };
    file.placeholders = placeholders(&text);
    match toml::from_str::<Table>(&text) {
        Ok(table) => list("", &table, &mut file),
        Err(error) => file.problem = Some(Problem::from_toml(path, &text, &error)),
    }
    file
}

fn list(prefix: &str, table: &Table, file: &mut EngineFile) {
    for (key, value) in table {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        if let toml::Value::Table(inner) = value {
            list(&path, inner, file);
            file.tables.push(path);
        } else {
            // A date has no counterpart; none of the engine's values is one.
            let value = serde_json::to_value(value).unwrap_or_default();
            file.settings.insert(path, value);
        }
    }
}

/// Found as the engine finds them: from each `${` to the next `}`.
fn placeholders(text: &str) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(end) = text[start..].find('}').map(|at| start + at) else {
            break;
        };
        let inner = &text[start + 2..end];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (inner, None),
        };
        found.push(Placeholder {
            name: name.to_owned(),
            default,
            line: text[..start].matches('\n').count() + 1,
        });
        from = end + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_with_their_line_even_in_comments() {
        let found = placeholders("# ${A}\nx = 1\ny = \"${B:-two words}\" # ${unclosed\n");

        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].name.as_str(), &found[0].default, found[0].line),
            ("A", &None, 1)
        );
        assert_eq!(
            (found[1].name.as_str(), found[1].default.as_deref()),
            ("B", Some("two words"))
        );
        assert_eq!(found[1].line, 3);
    }

    #[test]
    fn values_and_tables_are_listed_by_their_paths() {
        let text = "[a]\nn = 1\n[a.b]\nurl = \"postgresql://h/d\"\n";
        let mut file = EngineFile {
            state: crate::evidence::PathState::File,
            problem: None,
            tables: Vec::new(),
            settings: BTreeMap::new(),
            placeholders: Vec::new(),
        };

        list("", &toml::from_str(text).unwrap(), &mut file);

        assert_eq!(file.tables, ["a.b", "a"]);
        assert_eq!(file.settings["a.n"], 1);
        assert_eq!(file.settings["a.b.url"], "postgresql://h/d");
    }
}
