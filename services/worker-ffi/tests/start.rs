//! Starts that fail: what is wrong is said, and the next start finds nothing in its way.
//!
//! One test, since a process has one worker and one environment.

use std::ffi::{CStr, CString, c_char};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};
use worker_ffi::abi::{worker_free, worker_last_error, worker_poll, worker_start, worker_status};

fn read(answer: *mut c_char) -> Value {
    assert!(!answer.is_null());
    let text = unsafe { CStr::from_ptr(answer) }
        .to_str()
        .unwrap()
        .to_owned();
    unsafe { worker_free(answer) };
    serde_json::from_str(&text).unwrap()
}

fn start() -> Value {
    let request =
        json!({"service": "worker-ruby", "language": "ruby", "executable": "/x", "handlers": []});
    let request = CString::new(request.to_string()).unwrap();
    read(unsafe { worker_start(request.as_ptr()) })
}

fn set(name: &str, value: &str) {
    // SAFETY: no other thread reads the environment between the starts of this one test.
    unsafe { std::env::set_var(name, value) }
}

fn error(answer: &Value) -> (&str, &str) {
    (
        answer["error"]["code"].as_str().unwrap(),
        answer["error"]["message"].as_str().unwrap(),
    )
}

/// The engine's real configuration, with a database pool that gives up soon.
fn configuration(folder: &Path) -> String {
    let real = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config/tasker/generated/worker-stock.toml");
    let text = std::fs::read_to_string(real).unwrap().replace(
        "acquire_timeout_seconds = 30",
        "acquire_timeout_seconds = 1",
    );
    let path = folder.join("worker.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_start_that_fails_says_why_and_leaves_the_way_free() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().to_str().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    set("TASKER_INSTANCE_ID", "worker-ruby-1");
    set("TASKER_INSTANCE_PORT", &port);
    set("TASKER_WEB_BIND_ADDRESS", &format!("127.0.0.1:{port}"));
    set("TASKER_RUN_DIR", run);
    set(
        "TASKER_TEMPLATE_PATH",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/templates/ruby"),
    );
    set("TASKER_ENV", "test");
    set("RUST_LOG", "off");
    std::env::set_current_dir(folder.path()).unwrap();

    // The engine's loader panics on this one.
    set("TASKER_CONFIG_PATH", &configuration(folder.path()));
    set("DATABASE_URL", "mysql://tasker:s3cret@127.0.0.1/tasker");
    let answer = start();
    assert_eq!(error(&answer).0, "configuration", "{answer}");
    assert!(!answer.to_string().contains("s3cret"), "{answer}");

    // A database that takes the connection and never answers: the start hangs, and so a second one finds it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    set(
        "DATABASE_URL",
        &format!(
            "postgresql://tasker:s3cret@{}/tasker",
            silent.local_addr().unwrap()
        ),
    );
    let first = std::thread::spawn(start);
    silent.accept().unwrap();
    let second = start();
    assert_eq!(error(&second).0, "already_started", "{second}");
    assert_eq!(error(&read(worker_poll(0))).0, "not_started");
    let first = first.join().unwrap();
    assert_eq!(error(&first).0, "engine", "{first}");
    assert!(!first.to_string().contains("s3cret"), "{first}");

    // A port that somebody holds is named before the engine is asked.
    let holder = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let answer = start();
    assert!(
        error(&answer)
            .1
            .contains(&format!("127.0.0.1:{port} is taken by ")),
        "{answer}"
    );
    drop(holder);

    // Templates that are not there would leave the worker with a namespace that nobody uses.
    set("TASKER_TEMPLATE_PATH", "/nowhere");
    let answer = start();
    assert_eq!(error(&answer).0, "configuration", "{answer}");
    assert!(
        error(&answer).1.starts_with("TASKER_TEMPLATE_PATH "),
        "{answer}"
    );

    assert_eq!(error(&read(worker_status())).0, "not_started");
    assert_eq!(error(&read(worker_last_error())).0, "not_started");
    assert!(!folder.path().join("identity.json").exists());
}
