//! The checks, a folder a family, a file a defect.

pub mod configuration;
pub mod consistency;
pub mod database;
pub(crate) mod duty;
pub mod health;
pub(crate) mod hint;
pub mod history;
pub mod processes;
#[cfg(test)]
mod testing;
