//! `serve`: makes the data folder where there is none, then becomes the PostgreSQL server.

mod account;
mod arguments;
mod data_folder;
mod programs;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use instance::Failure;
use nix::unistd::Pid;

use crate::password;
use crate::settings::Settings;
use account::Account;

/// Does not return when all is well: the process is PostgreSQL then, under the same pid.
pub fn serve(settings: &Settings) -> Result<(), Failure> {
    let account = Account::for_server()?;
    make_folders(settings, account.as_ref())?;
    if let Some(account) = &account {
        account.ensure_reach(settings)?;
    }
    let major = programs::major(settings, account.as_ref())?;
    if let Some(path) = &settings.extension_path {
        programs::ensure_extension(path)?;
    }
    data_folder::ensure_not_served(&settings.data())?;
    instance::ensure_free(&format!("127.0.0.1:{}", settings.port))?;
    data_folder::ensure(settings, account.as_ref(), &major)?;

    let mut postgres = Command::new(settings.program("postgres"));
    postgres
        .args(arguments::postgres(settings))
        .current_dir(&settings.home);
    become_account(&mut postgres, account.as_ref());
    follow(&mut postgres, nix::unistd::getppid());
    let error = postgres.exec();
    Err(Failure::other(format!(
        "cannot start {}: {error}",
        settings.program("postgres").display()
    )))
}

fn make_folders(settings: &Settings, account: Option<&Account>) -> Result<(), Failure> {
    let failed = |path: &std::path::Path, error: std::io::Error| {
        Failure::other(format!("cannot make {}: {error}", path.display()))
    };
    fs::create_dir_all(&settings.state).map_err(|error| failed(&settings.state, error))?;
    password::read_or_create(&settings.state)?;
    if !settings.home.is_dir() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.home)
            .map_err(|error| failed(&settings.home, error))?;
    }
    // The folder may be there already: the tool chain puts PostgreSQL's programs into it.
    if let Some(account) = account {
        chown(&settings.home, Some(account.uid), Some(account.gid))
            .map_err(|error| failed(&settings.home, error))?;
    }
    Ok(())
}

/// Prepares `command` to run as `account`.
fn become_account(command: &mut Command, account: Option<&Account>) {
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
}

/// Prepares `command` to shut down fast when `parent` dies: a killed supervisor must not leave a server behind. Only
/// Linux can do that.
fn follow(command: &mut Command, parent: Pid) {
    // Runs after the change of account, which would undo it.
    let follow_parent = move || {
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGINT)?;
        // It may have died in between.
        if nix::unistd::getppid() == parent {
            Ok(())
        } else {
            Err(std::io::Error::other(
                "the process that started it has ended",
            ))
        }
    };
    // Safety: the closure makes two system calls and, while all is well, allocates nothing.
    #[expect(
        unsafe_code,
        reason = "the only way to run something between the change of account and exec"
    )]
    unsafe {
        command.pre_exec(follow_parent);
    }
}
