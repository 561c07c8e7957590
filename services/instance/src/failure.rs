//! Why a service could not start or go on, and the exit status that says so.

use std::process::ExitCode;

/// Ends a service process. Its text is one line: what is wrong, then what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The environment or a configuration file is wrong: starting again changes nothing.
    #[error("{0}")]
    Configuration(String),
    /// Anything else: a port taken, a database that does not answer.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// A wrong environment or configuration file.
    pub fn configuration(text: impl Into<String>) -> Self {
        Self::Configuration(text.into())
    }

    /// Anything but configuration.
    pub fn other(text: impl Into<String>) -> Self {
        Self::Other(text.into())
    }

    /// 3 for configuration, 1 for anything else.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Configuration(_) => 3,
            Self::Other(_) => 1,
        }
    }

    /// The text on one line, whatever a library put into it, and without passwords.
    pub fn line(&self) -> String {
        crate::masked(&one_line(&self.to_string())).into_owned()
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        Self::from(failure.exit_status())
    }
}

/// `text` with every run of white space, line ends too, made one blank.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn a_failure_is_one_line_without_a_password() {
        let failure = Failure::other("cannot reach\n  postgresql://tasker:s3cret@127.0.0.1/tasker");

        assert_eq!(
            failure.line(),
            "cannot reach postgresql://tasker:***@127.0.0.1/tasker"
        );
    }

    #[test]
    fn configuration_has_an_exit_status_of_its_own() {
        assert_eq!(Failure::configuration("x").exit_status(), 3);
        assert_eq!(Failure::other("x").exit_status(), 1);
    }
}
