//! The evidence of exactly these tasks.

use chrono::Utc;
use uuid::Uuid;

use super::gather::{Depth, expected_of_running, gather};
use super::unavailable;
use crate::collect::postgres::{self, Databases};
use crate::collect::progress::Progress;
use crate::collect::workload::uuids;
use crate::collect::{domain_events, endpoints, witness};
use crate::error::{Error, Result};
use crate::evidence::{Canary, Evidence, HistoryView, Observed};
use crate::history::TaskHistory;
use crate::project::Project;

/// Fills the evidence with what is to be known of tasks that were sent, and completes the tasks with
/// their domain events. `each` sees the history of every task.
///
/// # Errors
/// The topology does not parse, or the database cannot be asked.
pub async fn gather_tasks(
    project: &Project,
    evidence: &mut Evidence,
    databases: &Databases,
    tasks: &mut [Canary],
    progress: &Progress,
    mut each: impl FnMut(&TaskHistory),
) -> Result<()> {
    let Observed::Seen(topology) = evidence.topology.clone() else {
        let problems = std::mem::take(&mut evidence.configuration.problems);
        return Err(Error::Configuration(problems));
    };
    // What was sent before has come to rest by now: ages count from here, and not from the first create.
    evidence.taken_at = Utc::now();
    gather(project, evidence, Depth::System, progress).await?;
    evidence.endpoints = endpoints::collect(&topology).await;
    if tasks.iter().any(|task| !task.at_rest()) {
        // Only a task that stands still asks who should have taken it.
        evidence.database = postgres::catalogue(databases).await.into();
        let expected = expected_of_running(evidence, &topology);
        let subscriptions = postgres::subscriptions(databases, &expected, progress).await;
        evidence.subscriptions = subscriptions.into();
    }
    domain_events::collect(databases, &evidence.configuration, tasks)
        .await
        .map_err(unavailable)?;
    progress.say("history");
    let these = uuids(tasks);
    let list: Vec<Uuid> = these.iter().copied().collect();
    let mut view = HistoryView {
        read_at: Some(Utc::now()),
        ..HistoryView::default()
    };
    postgres::histories(databases, postgres::Tasks::These(&list), |task| {
        each(&task);
        view.add(task);
    })
    .await
    .map_err(unavailable)?;
    evidence.history = postgres::follow_up(databases, &mut view)
        .await
        .map(|()| view)
        .into();
    evidence.witness = witness::of_tasks(project, &these);
    if let Observed::Seen(view) = &mut evidence.witness {
        // After the files, so that a result is never missing only because it came later.
        let steps: Vec<Uuid> = view.repeated.iter().map(|step| step.step).collect();
        view.audits = postgres::audits(databases, &steps).await.into();
    }
    Ok(())
}
