//! PostgreSQL's programs and PGMQ's files: there, and of a version that fits.

use std::path::Path;
use std::process::Command;

use instance::Failure;

use super::account::Account;
use super::become_account;
use crate::settings::Settings;

/// The oldest release that finds extensions by `extension_control_path`.
const OLDEST: u32 = 18;

/// Asks `postgres` for its major version, as the account that will run it: that shows too that it can be run at all.
pub fn major(settings: &Settings, account: Option<&Account>) -> Result<String, Failure> {
    for name in ["postgres", "initdb"] {
        if let Some(bin) = settings
            .bin
            .as_ref()
            .filter(|bin| !bin.join(name).is_file())
        {
            return Err(Failure::configuration(format!(
                "there is no {name} in {}: set TASKER_POSTGRES_BIN to the folder of PostgreSQL's programs",
                bin.display()
            )));
        }
    }
    let program = settings.program("postgres");
    let mut command = Command::new(&program);
    command.arg("--version").current_dir("/");
    become_account(&mut command, account);
    let output = command.output().map_err(|error| {
        Failure::configuration(format!(
            "cannot run {}: {error}; set TASKER_POSTGRES_BIN to the folder that has it",
            program.display()
        ))
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let major = parse(&text).ok_or_else(|| {
        Failure::configuration(format!(
            "{} --version answered `{}{}`: set TASKER_POSTGRES_BIN to the folder of PostgreSQL's programs",
            program.display(),
            text.trim(),
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    })?;
    if major < OLDEST && settings.extension_path.is_some() {
        return Err(Failure::configuration(format!(
            "{} is PostgreSQL {major}; TASKER_PGMQ_EXTENSION_PATH needs {OLDEST} or newer",
            program.display()
        )));
    }
    Ok(major.to_string())
}

/// `postgres (PostgreSQL) 18.6` is 18.
fn parse(version: &str) -> Option<u32> {
    let (_, number) = version.split_once("(PostgreSQL) ")?;
    number
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

/// Fails when PGMQ is not where it is said to be.
pub fn ensure_extension(path: &Path) -> Result<(), Failure> {
    if path.join("extension/pgmq.control").is_file() {
        return Ok(());
    }
    Err(Failure::configuration(format!(
        "there is no extension/pgmq.control in {}: set TASKER_PGMQ_EXTENSION_PATH to the folder that has it",
        path.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_major_version_is_read_from_the_answer() {
        assert_eq!(parse("postgres (PostgreSQL) 18.6\n"), Some(18));
        assert_eq!(parse("postgres (PostgreSQL) 19beta2\n"), Some(19));
        assert_eq!(parse("postgres: not found"), None);
    }
}
