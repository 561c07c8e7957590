//! Family 2: processes and their identity.

mod environment_differs;
mod foreign_listener;
mod identity_missing;
mod instance_not_running;
pub mod port_holder;

pub use environment_differs::EnvironmentDiffers;
pub use foreign_listener::ForeignListener;
pub use identity_missing::IdentityMissing;
pub use instance_not_running::InstanceNotRunning;
