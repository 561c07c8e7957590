//! The same task asked of every server at the same moment.

use std::time::Duration;

use anyhow::{Result, ensure};
use cluster_verify::collect::postgres;
use cluster_verify::evidence::{Canaries, CreateOutcome, Observed, Twins};
use futures::future::join_all;

use crate::common::{
    LifecycleTestManager, MultiInstanceTestManager, Sent, Verdict, create_simple_task_request,
    skip, turn,
};

const PATIENCE: Duration = Duration::from_secs(150);
const ROUNDS: usize = 5;

#[tokio::test]
async fn test_same_identity_through_all_instances_at_once_creates_one_task() -> Result<()> {
    if let Some(reason) = MultiInstanceTestManager::shortage(2, 1) {
        return skip(&reason);
    }
    let _turn = turn::beside_others()?;
    let manager = MultiInstanceTestManager::setup_from_env().await?;
    let database = LifecycleTestManager::setup().await?;
    let mut tasks = Vec::new();
    for _ in 0..ROUNDS {
        let request = create_simple_task_request();
        let correlation = request.correlation_id;
        let creates = manager.cluster.all_clients().iter();
        let sent = join_all(creates.map(|client| Sent::create(client, request.clone()))).await;

        let rows = postgres::tasks_of_correlation(&database.pool, correlation).await;
        let rows = rows.map_err(|unseen| anyhow::anyhow!("{unseen}"))?;
        let answers: Vec<(String, CreateOutcome)> = sent
            .iter()
            .map(|one| (one.via.clone(), one.outcome()))
            .collect();
        let accepted = sent.iter().filter(|one| one.answer.is_ok()).count();
        let refused =
            |outcome: &CreateOutcome| matches!(outcome, CreateOutcome::Refused { status: 409, .. });
        ensure!(rows == 1, "{rows} tasks of one identity: {answers:?}");
        ensure!(
            accepted == 1
                && answers
                    .iter()
                    .filter(|(_, outcome)| refused(outcome))
                    .count()
                    == answers.len() - 1,
            "one server is to say yes and the others 409: {answers:?}"
        );
        let mut evidence = Verdict::blank_evidence()?;
        evidence.canaries = Observed::Seen(Canaries {
            twins: Some(Twins {
                namespace: request.namespace.clone(),
                template: request.name.clone(),
                correlation_id: correlation.to_string(),
                answers,
                tasks: rows,
            }),
            ..Canaries::default()
        });
        Verdict::of_evidence(evidence, &["511"])?.accept()?;
        for one in sent.into_iter().filter(|one| one.answer.is_ok()) {
            tasks.push(one.task()?);
            manager.note(one);
        }
    }

    manager
        .wait_for_tasks_completion(tasks.clone(), PATIENCE)
        .await?;
    manager.judge(&tasks).await?.accept()
}
