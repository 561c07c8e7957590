//! Reads what the host passes in. Nothing is kept: the host owns its strings and may free them after the call.

use std::ffi::{CStr, c_char};

use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::Error;

/// Copies a host's string.
///
/// # Safety
/// `pointer` is NULL or points to a string that ends with NUL and lives for the call.
pub unsafe fn text(pointer: *const c_char, name: &str) -> Result<String, Error> {
    if pointer.is_null() {
        return Err(Error::invalid(format!("{name} is NULL")));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes
        .to_str()
        .map(str::to_owned)
        .map_err(|error| Error::invalid(format!("{name} is not UTF-8: {error}")))
}

pub fn json<T: DeserializeOwned>(text: &str, name: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::invalid(format!("{name}: {error}")))
}

pub fn event_id(text: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(text).map_err(|error| Error::invalid(format!("event_id: {error}")))
}
