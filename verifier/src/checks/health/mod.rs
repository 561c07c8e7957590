//! What the instances say of themselves.

mod healthy_but_idle;
mod not_ready;
mod templates_differ;
mod unreachable;

pub use healthy_but_idle::HealthyButIdle;
pub use not_ready::NotReady;
pub use templates_differ::TemplatesDiffer;
pub use unreachable::Unreachable;
