//! The JSON of a checkpoint, as the host reports it.

use serde::Deserialize;
use serde_json::Value;
use tasker_shared::models::batch_worker::CheckpointYieldData;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    cursor: Value,
    items_processed: u64,
    accumulated_results: Option<Value>,
}

impl Checkpoint {
    pub fn into_engine(self, step: Uuid) -> CheckpointYieldData {
        CheckpointYieldData::new(
            step,
            self.cursor,
            self.items_processed,
            self.accumulated_results,
        )
    }
}
