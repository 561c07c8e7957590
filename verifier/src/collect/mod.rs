//! The only input and output: each collector looks at one side of the cluster and fills
//! its part of the evidence. A look that fails is recorded as unseen, and the run goes on.

pub mod canary;
pub mod configuration;
pub mod endpoints;
pub mod identity;
pub mod postgres;
pub mod progress;
pub mod supervisor;
pub mod system;
pub mod witness;
