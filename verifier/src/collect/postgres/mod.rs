//! Asks PostgreSQL: the catalogue, who is subscribed, what happened.

mod audits;
mod canary_steps;
mod canary_tasks;
mod catalogue;
mod connect;
mod copy;
mod dead_messages;
mod expected;
mod held;
mod history;
mod messages;
mod open_steps;
mod prune;
mod subscriptions;
mod task_messages;
mod task_progress;
mod unread;
mod work;

pub use audits::of_steps as audits;
pub use canary_steps::steps_of;
pub use canary_tasks::{
    events_of, look_back, settled_states, task_of_correlation, tasks_of_correlation,
};
pub use catalogue::collect as catalogue;
pub use connect::{Databases, connect, connect_to, urls, variables};
pub use dead_messages::archive as archive_dead_messages;
pub use expected::Expected;
pub use held::{Held, HeldAlone};
pub use history::{Past, Tasks, collect as history, stream as histories};
pub use messages::given_up;
pub use open_steps::{follow_up, retries_due};
pub use prune::{Chosen, Pruned, has_canaries, prune};
pub use subscriptions::{sample as subscriptions, sample_beside};
pub use task_messages::{TaskMessage, collect as task_messages};
pub use task_progress::{TaskProgress, collect as task_progress};
pub use unread::namespaces as unread;
pub use work::{add as add_work_done, add_new as add_work};

use crate::evidence::Unseen;

/// A query that failed is a look that failed.
fn unseen(what: &str) -> impl Fn(sqlx::Error) -> Unseen + '_ {
    move |error| Unseen::new(what, error.to_string())
}
