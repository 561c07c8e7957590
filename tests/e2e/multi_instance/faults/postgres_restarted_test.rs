//! PostgreSQL is restarted under running tasks.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{SLOW_NAMESPACE, at_rest_or_stranded, cancel, most_in_hand, slow_request, stranded_by};
use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, Verdict, say, turn, uuids, wait_until,
};

const UNTIL_CLAIMED: Duration = Duration::from_secs(30);
const UNTIL_BACK: Duration = Duration::from_secs(60);
const EXPLAINED_BY: [&str; 3] = ["CV616", "CV617", "CV618"];

#[tokio::test]
async fn tasks_go_on_after_postgresql_was_restarted() -> Result<()> {
    let turn = turn::alone()?;
    let _repair = turn.repair()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let created = manager
        .create_tasks_concurrent(vec![slow_request(3000); 6])
        .await?;
    let before = uuids(&created)?;
    most_in_hand(&before, UNTIL_CLAIMED).await?;

    turn.supervise("restart", "postgres")?;
    turn.note("restart", "postgres")?;

    let database = wait_until(UNTIL_BACK, LifecycleTestManager::setup)
        .await
        .context("PostgreSQL did not come back")?;
    // Servers and workers that gave up are started again by the supervisor.
    turn.mend()?;
    let after = wait_until(UNTIL_BACK, async || {
        // Until a server has noticed that its connections are gone, it may refuse.
        let client = manager.cluster.get_client();
        manager.create_via(client, slow_request(50)).await
    })
    .await
    .context("no task can be created after the restart")?;
    let mut tasks = before.clone();
    tasks.push(after);
    let (stranded, verdict) = at_rest_or_stranded(
        &manager,
        &database.databases,
        &[SLOW_NAMESPACE],
        &tasks,
        &EXPLAINED_BY,
    )
    .await?;

    ensure!(
        !stranded.contains(&after),
        "the task created after the restart, {after}, is stranded"
    );
    say(format_args!(
        "{} of {} tasks that ran while PostgreSQL restarted are stranded",
        stranded.len(),
        before.len()
    ));
    cancel(&manager, &stranded).await?;
    let reason = "a result that could not be written while PostgreSQL restarted is lost: its worker tries once";
    let verdict = stranded_by(verdict, &stranded, &EXPLAINED_BY, reason);
    let deaf =
        "after PostgreSQL restarted an instance does not LISTEN again: from then on it only polls";
    let listeners = Verdict::of_listeners()
        .await?
        .attribute("CV311", deaf, |_| true);
    turn.restart_instances()?;
    Verdict::wait_for_listeners(UNTIL_BACK).await?;
    listeners.accept()?;
    verdict.accept()
}
