//! The functions of `include/worker_ffi.h`, one for one.

use std::ffi::c_char;
use std::time::Duration;

use serde_json::json;

use crate::answer::{answer, last_error, take_back};
use crate::argument::{event_id, json, text};
use crate::worker;

/// Of this interface; raised when a shape or a function changes its meaning.
const ABI: u32 = 1;

#[unsafe(no_mangle)]
pub extern "C" fn worker_version() -> *mut c_char {
    answer(|| {
        Ok(Some(json!({
            "ok": true,
            "abi": ABI,
            "version": env!("CARGO_PKG_VERSION"),
            "engine_version": instance::ENGINE_VERSION,
        })))
    })
}

/// # Safety
/// `request` is NULL or a string that ends with NUL and lives for the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn worker_start(request: *const c_char) -> *mut c_char {
    answer(|| {
        // SAFETY: the caller's promise above.
        let request = unsafe { text(request, "request") }?;
        worker::start(json(&request, "request")?).map(Some)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_poll(timeout_ms: u32) -> *mut c_char {
    answer(|| worker::poll(Duration::from_millis(u64::from(timeout_ms))))
}

/// # Safety
/// Each argument is NULL or a string that ends with NUL and lives for the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn worker_complete(
    event: *const c_char,
    outcome: *const c_char,
) -> *mut c_char {
    answer(|| {
        // SAFETY: the caller's promise above.
        let (event, outcome) = unsafe { (text(event, "event_id")?, text(outcome, "outcome")?) };
        let outcome: crate::outcome::Outcome = json(&outcome, "outcome")?;
        outcome.check()?;
        let event = event_id(&event)?;
        worker::running()?.complete(event, outcome).map(Some)
    })
}

/// # Safety
/// Each argument is NULL or a string that ends with NUL and lives for the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn worker_checkpoint(
    event: *const c_char,
    checkpoint: *const c_char,
) -> *mut c_char {
    answer(|| {
        // SAFETY: the caller's promise above.
        let (event, checkpoint) =
            unsafe { (text(event, "event_id")?, text(checkpoint, "checkpoint")?) };
        let checkpoint: crate::checkpoint::Checkpoint = json(&checkpoint, "checkpoint")?;
        checkpoint.check()?;
        let event = event_id(&event)?;
        worker::running()?.checkpoint(event, checkpoint).map(Some)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_drain() -> *mut c_char {
    answer(|| Ok(Some(worker::running()?.drain())))
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_stop(timeout_ms: u32) -> *mut c_char {
    answer(|| worker::stop(Duration::from_millis(u64::from(timeout_ms))).map(Some))
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_status() -> *mut c_char {
    answer(|| Ok(Some(worker::running()?.status())))
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_last_error() -> *mut c_char {
    last_error()
}

/// # Safety
/// `text` is NULL or came from this library and was not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn worker_free(text: *mut c_char) {
    // SAFETY: the caller's promise above.
    unsafe { take_back(text) }
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_monotonic_ns() -> u64 {
    u64::try_from(instance::monotonic_ns()).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub extern "C" fn worker_wall_us() -> u64 {
    u64::try_from(chrono::Utc::now().timestamp_micros()).unwrap_or(0)
}
