//! A Rust worker: the engine's, with handlers, an identity and a witness.

mod arithmetic;
mod engine;
mod hand_back;
mod handler;
mod registry;
mod serve;
mod step;
#[cfg(test)]
mod testing;
mod witnessed;
mod workloads;

use std::process::ExitCode;

use instance::Service;

fn main() -> ExitCode {
    instance::run(
        Service::new("worker-rust", env!("CARGO_PKG_VERSION")),
        serve::serve,
    )
}
