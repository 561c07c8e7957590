//! Whether all instances tell the same story, by canaries.

mod canary_incomplete;
mod create_refused;
mod diagnosis;
mod read_after_write;
mod round_robin_skew;
pub mod share;
mod steps_differ;
mod task_state_differs;
mod worker_skew;
mod wrong_result;

pub use canary_incomplete::CanaryIncomplete;
pub use create_refused::CreateRefused;
pub use read_after_write::ReadAfterWrite;
pub use round_robin_skew::RoundRobinSkew;
pub use steps_differ::StepsDiffer;
pub use task_state_differs::TaskStateDiffers;
pub use worker_skew::WorkerSkew;
pub use wrong_result::WrongResult;
