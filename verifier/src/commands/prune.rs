//! `prune`: removes the tasks that earlier checks and runs sent, or the messages that steps left which are over.

use std::path::Path;
use std::process::ExitCode;

use super::gather::begin;
use super::unavailable;
use crate::cli::PruneArgs;
use crate::collect::postgres::{self, Pruned};
use crate::error::Result;
use crate::project::Project;

pub fn run(given: Option<&Path>, args: &PruneArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let told = super::block_on(prune(&project, args))??;
    super::print(&told);
    Ok(ExitCode::SUCCESS)
}

async fn prune(project: &Project, args: &PruneArgs) -> Result<String> {
    let evidence = begin(project)?;
    let topology = evidence.topology.seen().map_err(unavailable)?;
    let databases = postgres::connect(project, topology).await;
    let databases = databases.map_err(unavailable)?;
    let told = if args.dead_messages {
        let archived = postgres::archive_dead_messages(&databases).await;
        archived.map(|count| format!("archived {count} messages whose step is over\n"))
    } else {
        let pruned = postgres::prune(&databases, args.older_than).await;
        pruned.map(|pruned| told(&pruned))
    };
    databases.close().await;
    told.map_err(unavailable)
}

fn told(pruned: &Pruned) -> String {
    let mut text = format!(
        "removed {} tasks of earlier checks and {} messages about their steps\n",
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
            "removed 52 tasks of earlier checks and 3 messages about their steps\n\
             left 2 that are not at rest: cluster-verify task 00000000-0000-0000-0000-000000000001\n"
        );
    }
}
