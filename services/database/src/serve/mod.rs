//! `serve`: makes the data folder where there is none, then becomes the PostgreSQL server.

mod account;
mod arguments;
mod data_folder;
mod programs;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use instance::Failure;
use nix::unistd::Pid;

use crate::password;
use crate::settings::Settings;
use account::Account;

/// Does not return when all is well: the process is PostgreSQL then, under the same pid.
pub fn serve(settings: &Settings) -> Result<(), Failure> {
    let account = Account::for_server()?;
    make_folders(settings)?;
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

fn make_folders(settings: &Settings) -> Result<(), Failure> {
    let made = |folder: &Path, result: std::io::Result<()>| {
        result.map_err(|error| Failure::other(format!("cannot make {}: {error}", folder.display())))
    };
    made(&settings.state, fs::create_dir_all(&settings.state))?;
    password::read_or_create(&settings.state)?;
    if !settings.home.is_dir() {
        made(&settings.home, fs::create_dir_all(&settings.home))?;
        // Whatever the umask: the server's account passes through on its way to the data folder, which alone is its own.
        let passable = fs::Permissions::from_mode(0o755);
        made(
            &settings.home,
            fs::set_permissions(&settings.home, passable),
        )?;
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
