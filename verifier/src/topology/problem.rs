//! What is wrong with a configuration file, and exactly where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One defect of a configuration file. `line` and `column` count from 1; 0 means the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl Problem {
    /// A problem of the file as a whole, such as its absence.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self::at(file, 0, 0, message)
    }

    pub fn at(file: &str, line: usize, column: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
        }
    }

    /// Translates an error of the TOML parser, whose span is a byte offset into `text`.
    pub fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let (line, column) = error
            .span()
            .map_or((0, 0), |span| position(text, span.start));
        Self::at(
            file,
            line,
            column,
            error.message().trim().replace('\n', ", "),
        )
    }

    /// `file`, `file:line` or `file:line:column`, as editors and terminals open it.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place(), self.message)
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |tail| tail.chars().count())
        + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_reported_with_its_line_and_column() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Only {
            #[expect(dead_code, reason = "only parsed")]
            known: u8,
        }
        let text = "known = 1\n  unknwon = 2\n";

        let error = toml::from_str::<Only>(text).unwrap_err();
        let problem = Problem::from_toml("c.toml", text, &error);

        assert_eq!(problem.place(), "c.toml:2:3");
        assert!(problem.message.contains("unknwon"), "{}", problem.message);
    }
}
