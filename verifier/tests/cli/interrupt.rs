//! Ctrl-C, at every moment of a check.

use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::cluster_verify;
use crate::project::Project;

fn interrupt(process: u32) {
    let status = Command::new("kill")
        .args(["-INT", &process.to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

#[test]
fn a_look_that_is_interrupted_has_a_status_of_its_own() {
    let project = Project::healthy();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    project.write(
        "other.toml",
        &format!("orchestration = [\"http://{address}\"]\n"),
    );

    cluster_verify(&["check", "--cluster", "other.toml", "--record", "e.json"])
        .within(project.root())
        .stderr("cluster-verify: interrupted; nothing was judged\n")
        .status(130)
        .run_while(|process| {
            // It has begun to look, and nobody answers.
            let _asked = listener.accept().unwrap();
            interrupt(process);
            // Until it ends: without this its question would be answered by a reset.
            let gone = Instant::now() + Duration::from_secs(20);
            while is_at_work(process) && Instant::now() < gone {
                std::thread::sleep(Duration::from_millis(20));
            }
        });

    let left = std::fs::read_dir(project.root()).unwrap();
    let left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().contains("e.json")
                || name.to_string_lossy().starts_with(".evidence-")),
        "{left:?}"
    );
}

#[test]
fn after_the_look_ctrl_c_still_ends_the_program() {
    let project = Project::healthy();
    let pipe = project.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());

    cluster_verify(&["check", "--offline", "--record", "pipe"])
        .within(project.root())
        .status(130)
        .run_while(|process| {
            let mut reader = File::open(&pipe).unwrap();
            // What was seen is being written, and does not fit into the pipe.
            reader.read_exact(&mut [0]).unwrap();
            interrupt(process);
            let gone = Instant::now() + Duration::from_secs(20);
            while is_at_work(process) && Instant::now() < gone {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
}

/// A process that has ended and was not waited for is a zombie.
fn is_at_work(process: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &process.to_string()])
        .output()
        .expect("ps runs");
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}
