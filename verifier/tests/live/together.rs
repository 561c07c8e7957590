//! Two verdicts at once on one cluster.

use cluster_verify::collect::canary::CANARY_KEY;
use sqlx::Row;

use crate::cluster::Cluster;
use crate::history::{connect, execute};

#[test]
fn two_checks_at_once_do_not_disturb_one_another() {
    let cluster = Cluster::take();

    let verdicts = std::thread::scope(|scope| {
        let checks = [0, 1].map(|_| scope.spawn(|| cluster.check(&["--only", "4,5"])));
        checks.map(|check| check.join().unwrap())
    });

    for verdict in verdicts {
        assert_eq!(verdict.failed(), [""; 0], "{:#}", verdict.report);
        assert_eq!(verdict.status, Some(0), "{:#}", verdict.report);
    }
}

#[test]
fn every_task_that_a_check_sends_carries_its_label() {
    let cluster = Cluster::take();
    cluster.check(&["--only", "501"]);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (labelled, of_ours) = runtime.block_on(async {
        let mut connection = connect(&cluster).await;
        let query = format!(
            "SELECT count(*) FILTER (WHERE context ? '{CANARY_KEY}' AND tags ? 'cluster-verify') AS labelled, \
                    count(*) AS of_ours \
             FROM tasker.tasks WHERE source_system = 'cluster-verify'"
        );
        let row = sqlx::query(&query).fetch_one(&mut connection).await.unwrap();
        (row.get::<i64, _>("labelled"), row.get::<i64, _>("of_ours"))
    });

    assert!(of_ours > 0);
    assert_eq!(labelled, of_ours);
}

#[test]
fn what_checks_sent_can_be_removed_and_nothing_else() {
    let cluster = Cluster::take();
    cluster.check(&["--only", "501"]);
    let somebody_elses = "UPDATE tasker.tasks SET source_system = 'somebody' WHERE task_uuid = \
         (SELECT max(task_uuid::text)::uuid FROM tasker.tasks WHERE source_system = 'cluster-verify' AND complete)";
    execute(&cluster, &[somebody_elses]);
    let count = |of: &str| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let query = format!("SELECT count(*) FROM tasker.tasks WHERE {of}");
        let count = async {
            let mut connection = connect(&cluster).await;
            let row = sqlx::query(&query).fetch_one(&mut connection).await;
            row.unwrap().get::<i64, _>(0)
        };
        runtime.block_on(count)
    };
    let (ours, theirs) = (
        "source_system = 'cluster-verify' AND complete",
        "source_system <> 'cluster-verify' OR source_system IS NULL",
    );
    let (before, others) = (count(ours), count(theirs));
    assert!(before > 0 && others > 0, "{before} {others}");

    let output = cluster.verify(&["prune"]);

    assert!(output.status.success(), "{output:?}");
    assert_eq!((count(ours), count(theirs)), (0, others));
    // What is left is whole: no step without its task, no message about a step that is gone.
    let verdict = cluster.check(&[]);
    assert_eq!(verdict.failed(), [""; 0], "{:#}", verdict.report);
}
