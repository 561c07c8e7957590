//! Whether all instances tell the same story, by canaries.

mod api_differs_from_database;
mod canary_incomplete;
mod cancel_not_seen;
mod create_not_idempotent;
mod create_refused;
mod diagnosis;
mod domain_event_missing_or_repeated;
mod duplicate_task_id;
mod indeterminate_create;
mod other_end;
mod read_after_write;
mod read_goes_backwards;
mod round_robin_skew;
pub mod share;
mod steps_differ;
mod task_state_differs;
mod turned_away;
mod worker_skew;
mod wrong_result;

pub use api_differs_from_database::ApiDiffersFromDatabase;
pub use canary_incomplete::CanaryIncomplete;
pub use cancel_not_seen::CancelNotSeen;
pub use create_not_idempotent::CreateNotIdempotent;
pub use create_refused::CreateRefused;
pub use domain_event_missing_or_repeated::DomainEventMissingOrRepeated;
pub use duplicate_task_id::DuplicateTaskId;
pub use indeterminate_create::IndeterminateCreate;
pub use other_end::OtherEnd;
pub use read_after_write::ReadAfterWrite;
pub use read_goes_backwards::ReadGoesBackwards;
pub use round_robin_skew::RoundRobinSkew;
pub use steps_differ::StepsDiffer;
pub use task_state_differs::TaskStateDiffers;
pub use turned_away::TurnedAway;
pub use worker_skew::WorkerSkew;
pub use wrong_result::WrongResult;
