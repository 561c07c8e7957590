//! What the instances say of themselves.

mod circuit_open;
mod component_degraded;
mod detailed;
mod health_slow;
mod healthy_but_idle;
mod metrics_unreadable;
mod not_ready;
mod pool_utilisation;
mod sibling_version_differs;
mod templates_differ;
mod unreachable;

pub use circuit_open::CircuitOpen;
pub use component_degraded::ComponentDegraded;
pub use health_slow::HealthSlow;
pub use healthy_but_idle::HealthyButIdle;
pub use metrics_unreadable::MetricsUnreadable;
pub use not_ready::NotReady;
pub use pool_utilisation::PoolUtilisation;
pub use sibling_version_differs::SiblingVersionDiffers;
pub use templates_differ::TemplatesDiffer;
pub use unreachable::Unreachable;
