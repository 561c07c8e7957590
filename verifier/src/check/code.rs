//! Codes: `CV` and three digits, the first of which is the family. A code is for ever.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// `Code::new(308)` is CV308.
    pub const fn new(number: u16) -> Self {
        assert!(
            number >= 100 && number < 900,
            "a code has three digits, the first from 1 to 8"
        );
        Self(number)
    }

    pub const fn family(self) -> Family {
        match self.0 / 100 {
            1 => Family::Configuration,
            2 => Family::Processes,
            3 => Family::Database,
            4 => Family::Health,
            5 => Family::Consistency,
            6 => Family::History,
            7 => Family::Recovery,
            _ => Family::Capacity,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CV{:03}", self.0)
    }
}

/// The first digit of a code.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Configuration,
    Processes,
    Database,
    Health,
    Consistency,
    History,
    Recovery,
    Capacity,
}

impl Family {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Processes => "processes and identity",
            Self::Database => "database, queues and subscriptions",
            Self::Health => "health",
            Self::Consistency => "consistency across instances",
            Self::History => "history",
            Self::Recovery => "recovery",
            Self::Capacity => "capacity",
        }
    }

    /// The digit, as `--only 3` takes it.
    pub const fn digit(self) -> char {
        match self {
            Self::Configuration => '1',
            Self::Processes => '2',
            Self::Database => '3',
            Self::Health => '4',
            Self::Consistency => '5',
            Self::History => '6',
            Self::Recovery => '7',
            Self::Capacity => '8',
        }
    }
}

/// Only an error counts towards the exit status.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Information,
    Warning,
    #[default]
    Error,
}
