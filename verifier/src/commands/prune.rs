//! `prune`: removes the tasks that earlier checks and runs sent, or the messages that steps left which are over.

use std::path::Path;
use std::process::ExitCode;

use super::gather::begin;
use super::{foreign, unavailable};
use crate::cli::PruneArgs;
use crate::collect::postgres::{self, Chosen, Databases, Pruned};
use crate::error::{Error, Result};
use crate::evidence::Unseen;
use crate::project::Project;

pub fn run(given: Option<&Path>, args: &PruneArgs) -> Result<ExitCode> {
    let told = super::block_on(prune(given, args))??;
    super::print(&told)?;
    Ok(ExitCode::SUCCESS)
}

async fn prune(given: Option<&Path>, args: &PruneArgs) -> Result<String> {
    let databases = match &args.cluster {
        Some(file) => {
            let cluster = foreign::describe(file)?;
            if cluster.database.is_none() {
                return Err(Error::Usage(format!(
                    "{}: names no database from which to remove anything",
                    file.display()
                )));
            }
            let databases = foreign::connect(&cluster).await;
            databases.map_err(of_description)?
        }
        None => {
            let project = Project::find(given)?;
            let evidence = begin(&project)?;
            let topology = evidence.topology.seen().map_err(unavailable)?;
            let databases = postgres::connect(&project, topology).await;
            databases.map_err(unavailable)?
        }
    };
    let told = match args.dead_messages {
        true => archive_dead_messages(&databases).await,
        false => remove_tasks(&databases, args.older_than).await,
    };
    databases.close().await;
    told
}

async fn archive_dead_messages(databases: &Databases) -> Result<String> {
    // Beside whoever looks: nothing rests on a message that nobody can do anything with.
    let archived = postgres::archive_dead_messages(databases).await;
    let archived = archived.map_err(unavailable)?;
    Ok(format!("archived {archived} messages whose step is over\n"))
}

async fn remove_tasks(databases: &Databases, older_than: u64) -> Result<String> {
    let alone = databases.hold_alone().await.map_err(unavailable)?;
    let alone = alone.ok_or_else(|| {
        Error::InUse(
            "nothing was removed: a check or a run is looking at these tasks; try again when it has \
             ended"
                .to_owned(),
        )
    })?;
    let pruned = postgres::prune(databases, &alone, Chosen::All, older_than).await;
    alone.release().await;
    Ok(told(&pruned.map_err(unavailable)?))
}

fn of_description(unseen: Unseen) -> Error {
    Error::Unseen {
        what: unseen.what,
        why: unseen.why,
        hint: "its address is `database` in the cluster's description".into(),
    }
}

fn told(pruned: &Pruned) -> String {
    let mut text = format!(
        "removed {} tasks of earlier checks and {} messages about them\n",
        pruned.tasks, pruned.messages
    );
    if let Some(first) = pruned.left.first() {
        text.push_str(&format!(
            "left {} that are not at rest: cluster-verify task {first}\n",
            pruned.left.len()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_left_names_the_next_command() {
        let left = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
        let pruned = Pruned {
            tasks: 52,
            messages: 3,
            left,
        };

        assert_eq!(
            told(&pruned),
            "removed 52 tasks of earlier checks and 3 messages about them\n\
             left 2 that are not at rest: cluster-verify task 00000000-0000-0000-0000-000000000001\n"
        );
    }
}
