//! A file a subcommand; this one parses, runs, and turns the result into an exit status.

mod check;
mod codes;
mod completions;
mod env;
mod explain;
mod foreign;
pub mod gather;
pub mod gather_tasks;
mod live;
mod metrics;
mod past;
mod prune;
mod psql;
mod queues;
mod recording;
mod render;
mod run;
mod status;
mod task;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::error::{Error, Result};
use crate::evidence::Unseen;
use crate::exit;

/// What a command of its own cannot go on without.
fn unavailable(unseen: Unseen) -> Error {
    Error::Unseen {
        what: unseen.what,
        why: unseen.why,
        hint: "`./dev up --wait` starts the cluster".into(),
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::PASSED
            };
            return match error.print() {
                Err(failed) if failed.kind() != ErrorKind::BrokenPipe => {
                    let failed = unwritten(failed);
                    tell(&failed.to_string());
                    exit::of_error(&failed)
                }
                Ok(()) | Err(_) => ExitCode::from(status),
            };
        }
    };
    match dispatch(cli) {
        Ok(status) => status,
        Err(error) => {
            tell(&error.to_string());
            exit::of_error(&error)
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode> {
    let project = cli.project.as_deref();
    match cli.command {
        Command::Check(args) => check::run(project, &args),
        Command::Status(args) => status::run(project, &args),
        Command::Render(args) => render::run(project, &args),
        Command::Queues(args) => queues::run(project, &args),
        Command::Task(args) => task::run(project, &args),
        Command::Run(args) => run::run(project, &args),
        Command::Metrics => metrics::run(project),
        Command::Prune(args) => prune::run(project, &args),
        Command::Psql(args) => psql::run(project, &args),
        Command::Env(args) => env::run(project, &args),
        Command::Explain { code } => explain::run(&code),
        Command::Codes { output } => codes::run(output),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Writes a result to standard output. A reader that went away is no error.
///
/// # Errors
/// It could not be written: whoever goes by the exit status must not take it for told.
fn print(text: &str) -> Result<()> {
    is_read(text).map(drop)
}

fn unwritten(source: std::io::Error) -> Error {
    Error::Io {
        action: "write",
        path: "standard output".into(),
        source,
    }
}

/// The same for what goes on for ever, and ends when its reader has gone away: false then.
///
/// # Errors
/// As above.
fn is_read(text: &str) -> Result<bool> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(unwritten(error)),
    }
}

/// Says on standard error what went wrong.
fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "cluster-verify: {text}");
}

/// Every Ctrl-C from now on, also while nobody waits for one.
fn interrupts() -> Result<tokio::signal::unix::Signal> {
    let kind = tokio::signal::unix::SignalKind::interrupt();
    tokio::signal::unix::signal(kind).map_err(|error| crate::error::Error::Unavailable {
        what: "the signals".into(),
        why: error.to_string(),
        hint: "try again".into(),
    })
}

/// A look, until Ctrl-C ends it.
///
/// # Errors
/// It was ended, or failed.
async fn until_interrupted<T>(look: impl Future<Output = Result<T>>) -> Result<T> {
    // Before the look, which may be over at once.
    let mut interrupts = interrupts()?;
    tokio::select! {
        seen = look => seen,
        _ = interrupts.recv() => Err(Error::Interrupted),
    }
}

/// The async runtime of commands that look at the cluster.
fn block_on<F: Future>(future: F) -> Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| crate::error::Error::Unavailable {
            what: "the async runtime".into(),
            why: error.to_string(),
            hint: "free some threads and try again".into(),
        })?;
    let output = runtime.block_on(future);
    // Whoever waited for a Ctrl-C has taken the signal from the system for good: without somebody who
    // waits on, what is judged and printed from here on could not be ended. Asked for here, since the task may begin
    // late, and would miss one that came before it.
    let in_runtime = runtime.enter();
    let interrupts = interrupts();
    drop(in_runtime);
    runtime.spawn(async {
        if interrupts.ok()?.recv().await.is_some() {
            std::process::exit(exit::INTERRUPTED.into());
        }
        Some(())
    });
    std::mem::forget(runtime);
    Ok(output)
}
