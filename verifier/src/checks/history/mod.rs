//! What every task in the database went through.

mod breaches;
mod illegal_step_edge;
mod illegal_task_edge;
mod step_chain_broken;
mod step_completed_twice;
mod task_chain_broken;
mod task_completed_twice;

pub use illegal_step_edge::IllegalStepEdge;
pub use illegal_task_edge::IllegalTaskEdge;
pub use step_chain_broken::StepChainBroken;
pub use step_completed_twice::StepCompletedTwice;
pub use task_chain_broken::TaskChainBroken;
pub use task_completed_twice::TaskCompletedTwice;
