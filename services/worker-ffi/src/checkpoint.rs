//! The JSON of a checkpoint, as the host reports it.

use instance::holds_nul;
use serde::Deserialize;
use serde_json::Value;
use tasker_shared::models::batch_worker::CheckpointYieldData;
use uuid::Uuid;

use crate::error::Error;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    cursor: Value,
    items_processed: u64,
    accumulated_results: Option<Value>,
}

impl Checkpoint {
    pub fn check(&self) -> Result<(), Error> {
        if holds_nul(&self.cursor) || self.accumulated_results.as_ref().is_some_and(holds_nul) {
            return Err(Error::invalid(
                "checkpoint: it has the character U+0000, which PostgreSQL does not store",
            ));
        }
        Ok(())
    }

    pub fn into_engine(self, step: Uuid) -> CheckpointYieldData {
        CheckpointYieldData::new(
            step,
            self.cursor,
            self.items_processed,
            self.accumulated_results,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argument;

    #[test]
    fn text_that_the_database_does_not_store_is_refused() {
        let checked = |json: &str| {
            let checkpoint: Checkpoint = argument::json(json, "checkpoint").unwrap();
            checkpoint.check()
        };

        checked(r#"{"cursor":7,"items_processed":7}"#).unwrap();
        for json in [
            r#"{"cursor":"\u0000","items_processed":7}"#,
            r#"{"cursor":7,"items_processed":7,"accumulated_results":["\u0000"]}"#,
        ] {
            assert!(checked(json).is_err(), "{json}");
        }
    }
}
