//! Runs the program and holds all that it says against what is expected.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::deadline;

/// Nothing here needs a cluster, so that even a busy machine is done long before.
const DEADLINE: Duration = Duration::from_secs(120);

/// A call of `cluster-verify`; both streams must be empty and the status 0 unless said otherwise.
#[must_use]
pub struct Call {
    command: Command,
    stdout: Text,
    stderr: Text,
    status: i32,
    into: Option<Stdio>,
}

enum Text {
    Exactly(String),
    Holding(Vec<String>),
}

pub fn cluster_verify(arguments: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-verify"));
    command.args(arguments);
    // The shell of the project, or of a running cluster, must not reach into a test.
    for (name, _) in std::env::vars_os() {
        let is_ours = name.to_string_lossy().starts_with("TASKER_");
        if is_ours || name == "PC_SOCKET_PATH" || name == "COLUMNS" {
            command.env_remove(name);
        }
    }
    command.current_dir(std::env::temp_dir());
    Call {
        command,
        stdout: Text::Exactly(String::new()),
        stderr: Text::Exactly(String::new()),
        status: 0,
        into: None,
    }
}

impl Call {
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdout(mut self, text: impl Into<String>) -> Self {
        self.stdout = Text::Exactly(text.into());
        self
    }

    /// For text of which a part changes with every new check or instance.
    pub fn stdout_holding(mut self, parts: &[&str]) -> Self {
        self.stdout = Text::Holding(parts.iter().map(|part| (*part).to_owned()).collect());
        self
    }

    pub fn stderr(mut self, text: impl Into<String>) -> Self {
        self.stderr = Text::Exactly(text.into());
        self
    }

    /// For text in which a time stands.
    pub fn stderr_holding(mut self, parts: &[&str]) -> Self {
        self.stderr = Text::Holding(parts.iter().map(|part| (*part).to_owned()).collect());
        self
    }

    pub fn status(mut self, status: i32) -> Self {
        self.status = status;
        self
    }

    /// Its results go to a file, or to what looks like one.
    pub fn into_file(mut self, path: &str) -> Self {
        let file = std::fs::File::options().write(true).open(path);
        self.into = Some(file.expect("it can be opened").into());
        self
    }

    /// Its results go to a reader that has gone away.
    pub fn unread(mut self) -> Self {
        let (_, writer) = std::io::pipe().expect("a pipe");
        self.into = Some(writer.into());
        self
    }

    /// Runs it; answers what it wrote to standard output.
    ///
    /// # Panics
    /// Something is not as expected.
    pub fn run(self) -> String {
        self.run_while(|_| {})
    }

    /// The same, while something is done to the process of this id.
    ///
    /// # Panics
    /// Something is not as expected.
    pub fn run_while(mut self, act: impl FnOnce(u32)) -> String {
        let into = self.into.take().unwrap_or_else(Stdio::piped);
        let child = deadline::spawn_into(&mut self.command, into);
        act(child.id());
        let output = deadline::end_of(child, &self.command, DEADLINE);
        let stdout = String::from_utf8(output.stdout).expect("standard output is text");
        let stderr = String::from_utf8(output.stderr).expect("standard error is text");
        let said = format!("{:?}\nstdout:\n{stdout}\nstderr:\n{stderr}", self.command);
        self.stderr.hold(&stderr, &said);
        self.stdout.hold(&stdout, &said);
        assert_eq!(output.status.code(), Some(self.status), "{said}");
        stdout
    }
}

impl Text {
    fn hold(&self, actual: &str, said: &str) {
        match self {
            Self::Exactly(expected) => assert_eq!(actual, expected, "{said}"),
            Self::Holding(parts) => {
                for part in parts {
                    assert!(actual.contains(part.as_str()), "no {part:?} in {said}");
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "did not end within 1s and was killed\nstdout:\nbegun")]
fn a_program_that_does_not_end_is_killed_and_what_it_wrote_is_told() {
    let mut command = Command::new("sh");
    command.args(["-c", "echo begun; exec sleep 600"]);

    deadline::output(&mut command, Duration::from_secs(1));
}
