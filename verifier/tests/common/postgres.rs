//! A PostgreSQL server of a test's own, with the part of the engine's tables that canaries meet.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::unistd::{Uid, User};

/// The server must not outlive a test that was killed: it ends when this shell's standard input does.
const UNTIL_ITS_INPUT_ENDS: &str = "\"$@\" & read -r _; kill -INT $!; wait";

/// Runs until it is dropped.
pub struct Postgres {
    shell: Child,
    pub url: String,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// # Panics
    /// The programs are not there, or do not run.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let passable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), passable).unwrap();
        if let Some(account) = account() {
            let (uid, gid) = (account.uid.as_raw(), account.gid.as_raw());
            chown(&data, Some(uid), Some(gid)).unwrap();
        }
        let made = command("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8"])
            .args(["--no-locale", "--no-sync"])
            .output();
        let made = made.expect("initdb runs: `./dev shell` has it");
        assert!(made.status.success(), "{made:?}");
        // Free now, and nobody else is told of it.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut shell = command("sh");
        shell
            .args(["-c", UNTIL_ITS_INPUT_ENDS, "sh"])
            .arg(program("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "unix_socket_directories=", "-c"])
            .arg(format!("port={port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut said = BufReader::new(shell.stderr.take().unwrap()).lines();
        let is_ready = |line: &String| line.contains("ready to accept connections");
        let ready = said.by_ref().map_while(Result::ok).any(|it| is_ready(&it));
        assert!(ready, "the server ended before it was ready");
        // Nobody reads it, and a pipe that is full would hold the server up.
        std::thread::spawn(move || said.for_each(drop));
        let url = format!("postgresql://postgres@127.0.0.1:{port}/postgres");
        let server = Self { shell, url, folder };
        server.ask(include_str!("engine.sql"));
        server
    }

    /// The answer as psql writes it, without its frame.
    ///
    /// # Panics
    /// The server refuses the query.
    pub fn ask(&self, query: &str) -> String {
        let output = command("psql")
            .args([&self.url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", query])
            .output()
            .expect("psql runs: `./dev shell` has it");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Whatever it says: the folder goes next.
        let _ = self.shell.wait();
        let _ = std::fs::remove_dir_all(self.folder.path());
    }
}

/// The shell of the project has copied the programs to where another account can run them.
fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("TASKER_POSTGRES_BIN").map(PathBuf::from);
    let of_folder = folder.map(|folder| folder.join(name));
    let is_there = |path: &PathBuf| path.is_file();
    of_folder
        .filter(is_there)
        .unwrap_or_else(|| PathBuf::from(name))
}

fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.current_dir("/");
    if let Some(account) = account() {
        command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
    }
    command
}

/// PostgreSQL refuses to run as root.
fn account() -> Option<User> {
    let nobody = || User::from_name("nobody").unwrap().unwrap();
    Uid::effective().is_root().then(nobody)
}
