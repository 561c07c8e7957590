//! What an instance's REST endpoints answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Observed;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceEndpoints {
    /// `/health`: answers 200 whatever is wrong.
    pub health: Observed<Answer>,
    /// `/health/ready`: 200 or 503.
    pub ready: Observed<Answer>,
    /// `/health/detailed`.
    pub detailed: Observed<Answer>,
    /// `/v1/templates`: a worker tells its namespaces, a server every template of the database.
    pub templates: Observed<Answer>,
    pub metrics: Observed<Metrics>,
}

/// What `/metrics` answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    pub status: u16,
    /// A server that has done nothing has none.
    pub samples: u64,
    /// Why its text could not be read, as a clause.
    pub problem: Option<String>,
}

impl InstanceEndpoints {
    /// What `/health/detailed` tells of itself, where it answers well.
    pub fn told(&self) -> Option<&Value> {
        let answer = self.detailed.ok()?;
        (answer.status == 200).then_some(&answer.body)
    }

    /// The engine's version: servers and workers tell it in different places.
    pub fn version(&self) -> Option<&str> {
        let told = self.told()?;
        told["info"]["version"]
            .as_str()
            .or(told["system_info"]["version"].as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    /// By our clock, half way between the question and the end of the answer.
    pub at: DateTime<Utc>,
    /// Milliseconds to the end of the body.
    pub milliseconds: u64,
    /// The body when it was JSON of reasonable size, else null.
    pub body: Value,
}
