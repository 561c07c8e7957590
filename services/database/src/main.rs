//! PostgreSQL for the cluster.

mod connect;
mod password;
mod prepare;
mod ready;
mod serve;
mod settings;

use std::io::Write;
use std::process::ExitCode;

use instance::Failure;
use settings::Settings;

const USAGE: &str = "\
usage: cluster-database COMMAND

  serve     becomes the PostgreSQL server, after making its data folder where there is none
  prepare   creates database and extension and runs the engine's migrations; a second run changes nothing
  ready     says nothing; exit status 0 when the server takes connections, else 1

Settings are environment variables, with these defaults:
  TASKER_CLUSTER_STATE       .cluster    state folder; takes the file `database.password`
  TASKER_POSTGRES_HOME       <state>/postgres    takes the data folder
  TASKER_POSTGRES_BIN        folder of `postgres` and `initdb`; default: where PATH has them
  TASKER_PGMQ_EXTENSION_PATH folder whose subfolder `extension` has pgmq.control; default: PostgreSQL's own
  TASKER_POSTGRES_PORT       15432
  TASKER_POSTGRES_MAX_CONNECTIONS   400
  TASKER_POSTGRES_DATABASE   tasker
  PGMQ_DATABASE              second database for the queues; default: none
  TASKER_ENGINE_PROFILE      stock, or polling

Exit status: 0 done, 1 failed, 3 wrong settings.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => Settings::read().and_then(|settings| serve::serve(&settings)),
        ["prepare"] => Settings::read().and_then(|settings| prepare::prepare(&settings)),
        ["ready"] => {
            return Settings::read().map_or(ExitCode::from(3), |settings| ready::ready(&settings));
        }
        ["--help" | "-h" | "help"] => {
            say(USAGE);
            Ok(())
        }
        ["--version" | "-V"] => {
            say(&format!(
                "cluster-database {} (tasker {})\n",
                env!("CARGO_PKG_VERSION"),
                instance::ENGINE_VERSION
            ));
            Ok(())
        }
        _ => Err(Failure::configuration(
            "expected one of serve, prepare, ready: see `cluster-database --help`",
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "cluster-database: {}", failure.line());
            ExitCode::from(&failure)
        }
    }
}

/// Prints to standard output; a reader that went away is no failure.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
