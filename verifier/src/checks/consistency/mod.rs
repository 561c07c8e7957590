//! Whether all instances tell the same story, by canaries.

mod canary_incomplete;
mod create_refused;
mod diagnosis;
mod read_after_write;
mod steps_differ;
mod task_state_differs;

pub use canary_incomplete::CanaryIncomplete;
pub use create_refused::CreateRefused;
pub use read_after_write::ReadAfterWrite;
pub use steps_differ::StepsDiffer;
pub use task_state_differs::TaskStateDiffers;
