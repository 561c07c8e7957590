//! What every service process of the cluster does in the same way: it knows which instance it is, logs under that
//! name, writes down its identity, notes every run of a handler, stops when asked to and fails in one clear line.

mod engine;
mod environment;
mod failure;
mod identity;
mod logging;
mod mask;
mod nul;
mod port;
mod service;
mod shutdown;
pub mod templates;
mod witness;

pub use engine::{ENGINE_VERSION, bootstrap, configuration};
pub use environment::Environment;
pub use failure::Failure;
pub use identity::{Identity, Ids};
pub use logging::log_as;
pub use mask::masked;
pub use nul::{holds_nul, without_nul};
pub use port::{bind_port, ensure_free, holder};
pub use service::{Service, run};
pub use shutdown::Shutdown;
pub use witness::{HandlerRun, Run, Witness, monotonic_ns};
