//! Environment layers: dotenv files, read with the line of each assignment.
//!
//! A library would give the values without the lines, and the line that set a
//! variable is what a finding about an inherited environment has to name.

use serde::{Deserialize, Serialize};

use super::Problem;

/// `NAME=value` as it stands in a dotenv file; `line` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub name: String,
    pub value: String,
    pub line: usize,
}

/// Reads the assignments of one file.
///
/// Accepted are blank lines, `#` comments, and `NAME=value` with an optional
/// `export` and optional single or double quotes around the whole value.
///
/// # Errors
/// The first line that is none of these.
pub fn parse(file: &str, text: &str) -> Result<Vec<Assignment>, Problem> {
    let mut assignments = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or_else(|| {
            // What follows may be a secret.
            let word = line.split_whitespace().next().unwrap_or_default();
            Problem::at(
                file,
                number,
                1,
                format!("expected NAME=value, found `{word}` and no `=`"),
            )
        })?;
        let name = name.trim();
        if !is_name(name) {
            return Err(Problem::at(
                file,
                number,
                1,
                format!("`{name}` is not the name of an environment variable"),
            ));
        }
        let value = unquote(value.trim()).to_owned();
        assignments.push(Assignment {
            name: name.to_owned(),
            value,
            line: number,
        });
    }
    Ok(assignments)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn unquote(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_quotes_are_understood_and_lines_counted() {
        let text = "# first\n\nA=1\nexport B=\"two words\"\n";

        let read = parse("x.env", text).unwrap();

        assert_eq!(
            read,
            [
                Assignment {
                    name: "A".into(),
                    value: "1".into(),
                    line: 3
                },
                Assignment {
                    name: "B".into(),
                    value: "two words".into(),
                    line: 4
                },
            ]
        );
    }

    #[test]
    fn a_line_that_is_no_assignment_is_named() {
        let problem = parse("x.env", "A=1\nX_TOKEN hush\n").unwrap_err();

        assert_eq!(problem.place(), "x.env:2:1");
        assert!(problem.message.contains("X_TOKEN"), "{problem}");
        assert!(!problem.message.contains("hush"), "{problem}");
    }

    #[test]
    fn a_name_with_a_hyphen_is_refused() {
        assert!(parse("x.env", "A-B=1").is_err());
    }
}
