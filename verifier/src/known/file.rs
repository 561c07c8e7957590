//! The shape of `config/findings.toml`.

use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::topology::Problem;

/// Relative to the project root.
pub const FINDINGS_FILE: &str = "config/findings.toml";

/// All accepted findings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(rename = "finding", default)]
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub code: String,
    /// Pattern over the subject of a finding; `*` stands for any text.
    pub target: String,
    pub reason: String,
    /// Version of the engine on which it was seen.
    pub engine: String,
    /// Engine profiles under which it is accepted.
    pub profiles: Vec<String>,
    /// The last day on which it is accepted.
    #[serde(with = "date")]
    pub expires: NaiveDate,
    /// More findings than this for a thousand steps are not accepted. A step that is tried again counts each time.
    pub per_thousand_steps: Option<u64>,
    /// Part of the reason that a server's log gives for a create which it answered with an error. Without that reason
    /// nothing is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged: Option<String>,
}

impl Known {
    /// Reads the file; without one nothing is accepted.
    ///
    /// # Errors
    /// The place where it does not parse.
    pub fn load(root: &Path) -> Result<Self, Problem> {
        match std::fs::read_to_string(root.join(FINDINGS_FILE)) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| Problem::from_toml(FINDINGS_FILE, &text, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Problem::of_file(
                FINDINGS_FILE,
                format!("cannot be read: {error}"),
            )),
        }
    }
}

/// Dates are written as TOML strings, `"2027-06-30"`.
mod date {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(date: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&date.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(from)?;
        text.parse()
            .map_err(|_| D::Error::custom(format!("`{text}` is no date like 2027-06-30")))
    }
}
