//! A finding: one subject on which an invariant does not hold.

use std::collections::BTreeMap;
use std::fmt::Display;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The key of the evidence that an accepted finding may ask for.
pub const LOGGED: &str = "logged";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What it is about: an instance, a namespace, a task, a file.
    pub subject: String,
    /// What was observed, as a clause, with its window where there is one.
    pub observed: String,
    /// What it rests on.
    pub evidence: BTreeMap<String, String>,
    /// The next command to run or thing to touch.
    pub hint: String,
    /// How many findings this one stands for; more than one where only a count is kept.
    #[serde(default = "one")]
    pub times: u64,
    /// Why it is accepted, from `config/findings.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// The finding that explains this one: once it is mended, this one is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_from: Option<Cause>,
}

/// A finding by code and subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    pub code: String,
    pub subject: String,
}

const fn one() -> u64 {
    1
}

impl Finding {
    pub fn about(subject: impl Display) -> Self {
        Self {
            subject: subject.to_string(),
            observed: String::new(),
            evidence: BTreeMap::new(),
            hint: String::new(),
            times: 1,
            known: None,
            follows_from: None,
        }
    }

    #[must_use]
    pub fn observed(mut self, observed: impl Into<String>) -> Self {
        self.observed = observed.into();
        self
    }

    #[must_use]
    pub fn evidence(mut self, key: &str, value: impl Display) -> Self {
        self.evidence.insert(key.to_owned(), value.to_string());
        self
    }

    /// The line of a log that gives the reason, where there is one. An accepted finding may ask for it.
    #[must_use]
    pub fn logged(self, line: Option<&str>) -> Self {
        match line {
            Some(line) => self.evidence(LOGGED, line),
            None => self,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }
}
