//! The handlers, a file a workload. Each lists them by the `callable` that its templates use.

mod diamond;
mod domain_events;
mod fan_out;
mod linear;
mod mixed_dag;
mod order_fulfillment;
#[cfg(test)]
mod results;
mod retry;
mod slow;
#[cfg(test)]
mod templates;
mod tree;

use std::sync::Arc;

use crate::handler::Handler;

/// A handler under the name that templates call it by.
pub type Named = (&'static str, Arc<dyn Handler>);

/// Every handler of this worker.
pub fn all() -> Vec<Named> {
    [
        linear::handlers(),
        diamond::handlers(),
        tree::handlers(),
        mixed_dag::handlers(),
        order_fulfillment::handlers(),
        retry::handlers(),
        domain_events::handlers(),
        fan_out::handlers(),
        slow::handlers(),
    ]
    .concat()
}
