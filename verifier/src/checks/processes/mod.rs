//! Family 2: processes and their identity.

mod binary_differs;
mod clock_skew;
mod descriptors_near_limit;
mod environment_differs;
mod foreign_listener;
mod identity_duplicate;
mod identity_missing;
mod instance_not_running;
mod orphan_process;
mod panic_logged;
pub mod port_holder;
mod process_stopped;
mod restart_loop;
mod restarting;
mod restarts;
mod supervision;

pub use binary_differs::BinaryDiffers;
pub use clock_skew::ClockSkew;
pub use descriptors_near_limit::DescriptorsNearLimit;
pub use environment_differs::EnvironmentDiffers;
pub use foreign_listener::ForeignListener;
pub use identity_duplicate::IdentityDuplicate;
pub use identity_missing::IdentityMissing;
pub use instance_not_running::InstanceNotRunning;
pub use orphan_process::OrphanProcess;
pub use panic_logged::PanicLogged;
pub use process_stopped::ProcessStopped;
pub use restart_loop::RestartLoop;
pub use restarting::Restarting;
