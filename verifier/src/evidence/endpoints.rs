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
