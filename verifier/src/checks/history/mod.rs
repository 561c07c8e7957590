//! What every task in the database went through, and what the witness saw of it.

mod breaches;
mod extra_run;
mod illegal_step_edge;
mod illegal_task_edge;
mod overlapping_runs;
mod step_chain_broken;
mod step_completed_twice;
mod task_chain_broken;
mod task_completed_twice;
mod unattributed_extra_run;
mod unknown_worker;

pub use illegal_step_edge::IllegalStepEdge;
pub use illegal_task_edge::IllegalTaskEdge;
pub use overlapping_runs::OverlappingRuns;
pub use step_chain_broken::StepChainBroken;
pub use step_completed_twice::StepCompletedTwice;
pub use task_chain_broken::TaskChainBroken;
pub use task_completed_twice::TaskCompletedTwice;
pub use unattributed_extra_run::UnattributedExtraRun;
pub use unknown_worker::UnknownWorker;
