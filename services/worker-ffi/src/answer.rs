//! Runs one call of the interface: no panic leaves it, and its answer becomes a string that the host owns.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use serde_json::Value;

use crate::error::{Code, Error};

thread_local! {
    static LAST_ERROR: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// `None` becomes NULL: nothing to say, no error.
pub fn answer(call: impl FnOnce() -> Result<Option<Value>, Error>) -> *mut c_char {
    let outcome = catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|panic| Err(Error::new(Code::Panic, panic_text(panic.as_ref()))));
    let value = match outcome {
        Ok(value) => value,
        Err(error) => {
            let value = error.to_json();
            LAST_ERROR.with_borrow_mut(|last| *last = Some(error));
            Some(value)
        }
    };
    value.map_or(ptr::null_mut(), |value| into_host(&value))
}

/// The newest failure of a call made by this thread.
pub fn last_error() -> *mut c_char {
    LAST_ERROR
        .with_borrow(Option::clone)
        .map_or(ptr::null_mut(), |error| into_host(&error.to_json()))
}

/// Takes back a string that `into_host` gave away.
///
/// # Safety
/// `pointer` is NULL or came from this library and was not given back before.
pub unsafe fn take_back(pointer: *mut c_char) {
    if !pointer.is_null() {
        // SAFETY: the caller vouches that `CString::into_raw` made it and that nobody else took it back.
        drop(unsafe { CString::from_raw(pointer) });
    }
}

/// JSON escapes NUL as `\u0000`, so the text never holds one.
fn into_host(value: &Value) -> *mut c_char {
    CString::new(value.to_string()).map_or(ptr::null_mut(), CString::into_raw)
}

pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use serde_json::json;

    use super::*;

    fn read(pointer: *mut c_char) -> Value {
        assert!(!pointer.is_null());
        let text = unsafe { CStr::from_ptr(pointer) }
            .to_str()
            .unwrap()
            .to_owned();
        unsafe { take_back(pointer) };
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let value = read(answer(|| panic!("boom {}", 7)));

        assert_eq!(value["error"]["code"], "panic");
        assert_eq!(value["error"]["message"], "boom 7");
    }

    #[test]
    fn a_nul_in_the_data_survives() {
        let value = read(answer(|| Ok(Some(json!({"text": "a\0b"})))));

        assert_eq!(value["text"], "a\0b");
    }

    #[test]
    fn each_thread_has_its_own_last_error() {
        read(answer(|| Err(Error::not_started())));
        assert_eq!(read(last_error())["error"]["code"], "not_started");

        std::thread::spawn(|| assert!(last_error().is_null()))
            .join()
            .unwrap();
    }

    #[test]
    fn nothing_is_null() {
        assert!(answer(|| Ok(None)).is_null());
    }
}
