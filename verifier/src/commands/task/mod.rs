//! `task UUID`: one task's life as a time line, and where it stands.

mod conclusion;
#[cfg(test)]
mod example;
mod render;
mod story;

use std::path::Path;
use std::process::ExitCode;

use chrono::Utc;
use sqlx::PgPool;
use uuid::Uuid;

use self::story::{Seen, Story};
use super::gather::{Depth, begin, expected_of_running, gather};
use super::unavailable;
use crate::cli::{ListFormat, TaskArgs};
use crate::collect::progress::Progress;
use crate::collect::{postgres, witness};
use crate::error::{Error, Result};
use crate::evidence::{Evidence, Observed};
use crate::history::TaskHistory;
use crate::project::Project;
use crate::topology::{Instance, Role, Topology};

pub fn run(given: Option<&Path>, args: &TaskArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let seen = super::block_on(look(&project, args.task))??;
    let story = Story::of(&seen);
    super::print(&match args.output {
        ListFormat::Table => render::table(&story),
        ListFormat::Json => format!("{:#}\n", serde_json::json!(story)),
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn look(project: &Project, uuid: Uuid) -> Result<Seen> {
    let progress = Progress::new();
    let mut evidence = begin(project)?;
    let Observed::Seen(topology) = evidence.topology.clone() else {
        return Err(Error::Configuration(evidence.configuration.problems));
    };
    let pool = postgres::connect(project, &topology)
        .await
        .map_err(unavailable)?;
    let mut task = history(&pool, uuid).await?;
    gather(project, &mut evidence, Depth::System, &progress).await?;
    let mut subscribers = None;
    if conclusion::stands_still(&task, Utc::now()) {
        let expected = expected_of_running(&evidence, &topology);
        let seen = postgres::subscriptions(&pool, &expected, &progress)
            .await
            .map_err(unavailable)?;
        let names = seen.subscribers(&task.namespace);
        subscribers = Some(names.into_iter().map(str::to_owned).collect());
        // That look takes a while, in which the task may have gone on.
        task = history(&pool, uuid).await?;
    }
    let now = Utc::now();
    let uuids: Vec<Uuid> = task.steps.iter().map(|step| step.step).collect();
    let messages = postgres::task_messages(&pool, uuid, &uuids)
        .await
        .map_err(unavailable)?;
    let steps = postgres::steps_of(&pool, uuid, &task.namespace)
        .await
        .map_err(unavailable)?;
    let due = postgres::retries_due(&pool, &[uuid])
        .await
        .map_err(unavailable)?;
    let given_up = postgres::given_up(&pool, uuid).await.map_err(unavailable)?;
    let runs = witness::of_task(project, uuid);
    pool.close().await;
    Ok(Seen {
        server: server(&evidence, &topology),
        names: evidence.instances_by_id(),
        now,
        task,
        runs,
        messages,
        subscribers,
        retry_due: due.get(&uuid).copied(),
        given_up,
        errors: steps
            .into_iter()
            .filter_map(|step| Some((step.name, error_of(&step.result?)?)))
            .collect(),
    })
}

/// A server that runs, else the first that should.
fn server(evidence: &Evidence, topology: &Topology) -> String {
    let servers = || topology.with_role(Role::Orchestration).map(|(_, it)| it);
    let system = evidence.system.ok();
    let runs = |it: &&Instance| system.is_some_and(|system| system.runs(&it.id));
    let server = servers().find(runs).or_else(|| servers().next());
    server.map(Instance::base_url).unwrap_or_default()
}

async fn history(pool: &PgPool, uuid: Uuid) -> Result<TaskHistory> {
    let mut found = None;
    postgres::histories(pool, postgres::Tasks::These(&[uuid]), |task| {
        found = Some(task);
    })
    .await
    .map_err(unavailable)?;
    found.ok_or_else(|| {
        Error::Usage(format!(
            "the database has no task {uuid}; take the uuid from the answer to the create, not the \
             correlation id"
        ))
    })
}

/// What the engine keeps of a failed step's error.
fn error_of(result: &serde_json::Value) -> Option<String> {
    let error = result.get("error").filter(|error| !error.is_null())?;
    let message = error.get("message").unwrap_or(error);
    Some(
        message
            .as_str()
            .map_or_else(|| message.to_string(), str::to_owned),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_run_is_not_the_one_to_ask() {
        let mut evidence = Evidence::healthy();
        let topology = evidence.topology.seen().unwrap().clone();
        assert_eq!(server(&evidence, &topology), "http://127.0.0.1:8080");

        evidence.system.seen_mut().processes[0].state = "Zombie".into();
        assert_eq!(server(&evidence, &topology), "http://127.0.0.1:8081");

        evidence.system = Observed::not_looked("processes");
        assert_eq!(server(&evidence, &topology), "http://127.0.0.1:8080");
    }
}
