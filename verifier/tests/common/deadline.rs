//! Runs a program, and does not wait for it for ever.

use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A killed program's streams are closed at once, unless a child of its own still holds them.
const AFTER_ITS_DEATH: Duration = Duration::from_secs(5);

/// Starts the program, with both streams kept for [`end_of`].
pub fn spawn(command: &mut Command) -> Child {
    spawn_into(command, Stdio::piped())
}

/// The same, with standard output somewhere else.
pub fn spawn_into(command: &mut Command, stdout: impl Into<Stdio>) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// What the program wrote, and how it ended.
///
/// # Panics
/// It did not end in time: it is killed, and what it wrote until then is told.
pub fn output(command: &mut Command, within: Duration) -> Output {
    let child = spawn(command);
    end_of(child, command, within)
}

/// The same of one that was started before.
///
/// # Panics
/// As above.
pub fn end_of(child: Child, command: &Command, within: Duration) -> Output {
    let pid = Pid::from_raw(child.id().try_into().expect("pids are small"));
    let (sender, end) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    if let Ok(output) = end.recv_timeout(within) {
        return output.expect("the program's streams can be read");
    }
    let _ = kill(pid, Signal::SIGKILL);
    let wrote = match end.recv_timeout(AFTER_ITS_DEATH) {
        Ok(Ok(output)) => format!(
            "stdout:\n{}\nstderr:\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Ok(Err(_)) | Err(_) => "what it wrote cannot be told".to_owned(),
    };
    panic!("{command:?} did not end within {within:?} and was killed\n{wrote}");
}
