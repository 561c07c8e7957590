//! A look that succeeded, or the reason why it did not.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a collector saw, or why it could not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed<T> {
    Seen(T),
    Unseen(Unseen),
}

/// A look that failed: a check that needs it is *unknown*, never passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// What was looked for.
    pub what: String,
    pub why: String,
    /// This run was told not to look, so that nobody tried.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    left_out: bool,
}

impl Unseen {
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            left_out: false,
        }
    }

    /// Whether somebody tried: what this run was told not to look at says nothing about the cluster.
    pub fn was_looked_for(&self) -> bool {
        !self.left_out
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} not seen: {}", self.what, self.why)
    }
}

impl<T> Observed<T> {
    pub fn not_looked(what: &str) -> Self {
        Self::Unseen(Unseen {
            left_out: true,
            ..Unseen::new(what, "this run did not look")
        })
    }

    pub fn unseen(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Unseen(Unseen::new(what, why))
    }

    /// # Errors
    /// Why it was not seen, to be passed on with `?`.
    pub fn seen(&self) -> Result<&T, Unseen> {
        match self {
            Self::Seen(value) => Ok(value),
            Self::Unseen(unseen) => Err(unseen.clone()),
        }
    }

    /// For a check that also has something to say without this look: none when the run was told not to look.
    ///
    /// # Errors
    /// The look was tried and failed.
    pub fn if_looked(&self) -> Result<Option<&T>, Unseen> {
        match self {
            Self::Seen(value) => Ok(Some(value)),
            Self::Unseen(unseen) if unseen.was_looked_for() => Err(unseen.clone()),
            Self::Unseen(_) => Ok(None),
        }
    }

    pub fn ok(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Unseen(_) => None,
        }
    }

    /// For tests that seed a fault.
    #[cfg(test)]
    pub fn seen_mut(&mut self) -> &mut T {
        match self {
            Self::Seen(value) => value,
            Self::Unseen(unseen) => panic!("{unseen}"),
        }
    }
}

impl<T> From<Result<T, Unseen>> for Observed<T> {
    fn from(result: Result<T, Unseen>) -> Self {
        match result {
            Ok(value) => Self::Seen(value),
            Err(unseen) => Self::Unseen(unseen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_was_looked_for_whatever_words_say_so() {
        let missing = Unseen::new("the rows", "this run did not look");
        let Observed::Unseen(left_out) = Observed::<()>::not_looked("the rows") else {
            panic!("nobody looked");
        };

        assert!(missing.was_looked_for());
        assert!(!left_out.was_looked_for());
    }

    #[test]
    fn a_recording_keeps_the_difference() {
        let recorded = serde_json::to_string(&Observed::<()>::not_looked("the rows")).unwrap();
        let Observed::Unseen(read) = serde_json::from_str::<Observed<()>>(&recorded).unwrap()
        else {
            panic!("{recorded}");
        };

        assert!(!read.was_looked_for());
    }
}
