//! Two verdicts at once on one cluster, and what checks leave in it.

use cluster_verify::collect::canary::CANARY_KEY;

use crate::cluster::Cluster;
use crate::history::{count, execute};

#[test]
fn two_checks_at_once_do_not_disturb_one_another() {
    let cluster = Cluster::take();

    let verdicts = std::thread::scope(|scope| {
        // Every canary, whatever was proven before: there is most to disturb.
        let checks = [0, 1].map(|_| scope.spawn(|| cluster.check(&["--thorough"])));
        checks.map(|check| check.join().unwrap())
    });

    for verdict in verdicts {
        assert_eq!(verdict.failed(), [""; 0], "{verdict}");
        assert_eq!(verdict.status, Some(0), "{verdict}");
    }
}

#[test]
fn every_task_that_a_check_sends_carries_its_label() {
    let cluster = Cluster::take();
    let labelled = format!(
        "source_system = 'cluster-verify' AND tags ? 'cluster-verify' AND context ? '{CANARY_KEY}'"
    );
    let count = || {
        let of = |which: &str| {
            count(
                &cluster,
                &format!("SELECT count(*) FROM tasker.tasks WHERE {which}"),
            )
        };
        (of(&labelled), of(&format!("NOT ({labelled})")))
    };
    let (before, others) = count();

    cluster.check(&["--thorough"]);

    let (after, others_after) = count();
    assert!(after > before, "{before} {after}");
    assert_eq!(others_after, others);
}

#[test]
fn a_canary_that_is_older_than_a_day_is_removed_by_the_next_check() {
    let cluster = Cluster::take();
    let report = cluster.check(&["--thorough"]).report.to_string();
    // A canary that met a known race stays, since a finding names it.
    let words = report.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    let named: Vec<String> = words
        .filter(|word| word.parse::<uuid::Uuid>().is_ok())
        .map(|word| format!("'{word}'"))
        .collect();
    let newest = format!(
        "(SELECT max(task_uuid::text)::uuid FROM tasker.tasks \
          WHERE source_system = 'cluster-verify' AND tags ? 'canary' AND complete \
            AND task_uuid::text <> ALL (ARRAY[{}]::text[]))",
        named.join(", ")
    );
    execute(
        &cluster,
        &[
            "DROP TABLE IF EXISTS public.aged",
            &format!("CREATE TABLE public.aged AS SELECT {newest} AS task_uuid"),
            "UPDATE tasker.tasks SET created_at = created_at - interval '25 hours' \
             WHERE task_uuid IN (SELECT task_uuid FROM public.aged)",
        ],
    );
    let aged = "FROM tasker.tasks WHERE task_uuid IN (SELECT task_uuid FROM public.aged)";
    let young = "FROM tasker.tasks WHERE source_system = 'cluster-verify' \
                 AND task_uuid NOT IN (SELECT task_uuid FROM public.aged)";
    let count = |of: &str| count(&cluster, &format!("SELECT count(*) {of}"));
    assert_eq!(count(aged), 1);
    let before = count(young);

    let verdict = cluster.check(&["--only", "501"]);

    assert_eq!(count(aged), 0);
    assert_eq!(verdict.report["canaries_aged_out"], 1, "{verdict}");
    assert!(
        count(young) >= before && before > 0,
        "{before} {}",
        count(young)
    );
    execute(&cluster, &["DROP TABLE public.aged"]);
}

#[test]
fn what_checks_sent_can_be_removed_and_nothing_else() {
    let cluster = Cluster::take();
    cluster.check(&["--only", "501"]);
    let somebody_elses = "UPDATE tasker.tasks SET source_system = 'somebody' WHERE task_uuid = \
         (SELECT max(task_uuid::text)::uuid FROM tasker.tasks WHERE source_system = 'cluster-verify' AND complete)";
    execute(&cluster, &[somebody_elses]);
    let count = |of: &str| {
        count(
            &cluster,
            &format!("SELECT count(*) FROM tasker.tasks WHERE {of}"),
        )
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
    assert_eq!(verdict.failed(), [""; 0], "{verdict}");
}
