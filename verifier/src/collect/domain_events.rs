//! Waits for the domain events that the canaries' templates promise.

use std::time::{Duration, Instant};

use super::postgres::{self, Databases};
use crate::evidence::{Canary, Configuration, Unseen};

/// The engine publishes after it has told that the step is done, and does not wait for it.
const GRACE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(200);

/// Notes the events of every canary at rest whose template promises any.
///
/// # Errors
/// The query that failed.
pub async fn collect(
    databases: &Databases,
    configuration: &Configuration,
    tasks: &mut [Canary],
) -> Result<(), Unseen> {
    let begun = Instant::now();
    for canary in tasks.iter_mut().filter(|canary| canary.at_rest()) {
        let promised = configuration.durable_events(&canary.namespace, &canary.template);
        if promised.is_empty() {
            continue;
        }
        loop {
            let seen =
                postgres::events_of(databases, &canary.namespace, &canary.correlation_id).await?;
            let all = promised.iter().all(|name| seen.contains_key(*name));
            canary.events = Some(seen);
            if all || begun.elapsed() > GRACE {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(())
}
