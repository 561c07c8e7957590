//! The engine's worker behind a small C interface that speaks JSON, for hosts written in other languages.
//!
//! `include/worker_ffi.h` is the reference of the interface: who owns which pointer, and the shape of every JSON text.
//!
//! A host starts the worker, polls for steps in one thread or several, runs their handlers and completes them; the
//! engine itself, with its database connections, queues and REST interface, runs on threads of this library.

pub mod abi;

mod answer;
mod argument;
mod boot;
mod bridge;
mod calls;
mod checkpoint;
mod connect;
mod error;
mod events;
mod ledger;
mod outcome;
mod relay;
mod request;
mod settings;
mod step_event;
mod stop;
mod worker;
