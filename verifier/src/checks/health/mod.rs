//! What the instances say of themselves.

mod not_ready;
mod unreachable;

pub use not_ready::NotReady;
pub use unreachable::Unreachable;
