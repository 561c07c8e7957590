//! `psql`: PostgreSQL's own client, connected to the running cluster's database.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::gather::begin;
use super::unavailable;
use crate::cli::PsqlArgs;
use crate::collect::postgres;
use crate::error::{Error, Result};
use crate::project::Project;

/// What a shell may have set that would lead the client elsewhere.
const MISLEADING: [&str; 4] = ["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS"];

/// Becomes the client, so that its streams and its exit status are this program's.
///
/// The address and the password are given to it alone: set in the shell, instances that are started
/// there would inherit them.
pub fn run(given: Option<&Path>, args: &PsqlArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let evidence = begin(&project)?;
    let topology = evidence.topology.seen().map_err(unavailable)?;
    let variables = postgres::variables(&project, topology, args.queues).map_err(unavailable)?;
    let mut client = Command::new("psql");
    for name in MISLEADING {
        client.env_remove(name);
    }
    let failed = client.envs(variables).args(&args.arguments).exec();
    Err(Error::Unavailable {
        what: "psql".into(),
        why: failed.to_string(),
        hint: "`./dev shell` has it on PATH".into(),
    })
}
