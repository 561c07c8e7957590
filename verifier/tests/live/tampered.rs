//! Rows and queues that were tampered with: each fault shows as its own code, and is gone once it is mended.

use crate::cluster::Cluster;
use crate::fault::Repair;
use crate::history;

fn execute(cluster: &Cluster, statement: &str) {
    history::execute(cluster, &[statement]);
}

/// Every check of these, as its code and how many findings it has.
fn counts(cluster: &Cluster, only: &str) -> Vec<(String, usize)> {
    let verdict = cluster.check(&["--quick", "--only", only, "--strict"]);
    let of = |check: &serde_json::Value| {
        let findings = check["outcome"]["findings"].as_array().map_or(0, Vec::len);
        (
            check["code"].as_str().unwrap_or_default().to_owned(),
            findings,
        )
    };
    verdict.checks().map(of).collect()
}

/// Breaks, looks, mends, looks again: exactly these codes have more findings while it is broken.
pub fn shows(only: &str, breaking: &str, mending: &str, codes: &[&str]) {
    let cluster = Cluster::take();
    // What a run that was killed has left; mostly there is nothing to mend.
    let _ = history::try_to_execute(&cluster, &[mending]);
    let before = counts(&cluster, only);
    let broken = {
        let _repair = Repair(|| execute(&cluster, mending));
        execute(&cluster, breaking);
        counts(&cluster, only)
    };
    let after = counts(&cluster, only);

    let more = before
        .iter()
        .zip(&broken)
        .filter(|(before, broken)| before != broken);
    let more: Vec<&str> = more.map(|(_, (code, _))| code.as_str()).collect();
    assert_eq!(more, codes);
    assert_eq!(before, after);
}

/// One finished task that nothing is wrong with.
const ONE: &str = "(SELECT task.task_uuid FROM tasker.tasks task \
    JOIN tasker.workflow_steps step USING (task_uuid) WHERE task.complete \
    GROUP BY 1 HAVING bool_and(step.processed AND step.results IS NOT NULL) ORDER BY 1 LIMIT 1)";

#[test]
fn a_flag_that_disagrees_with_the_state_is_found() {
    Cluster::take().check(&["--only", "501"]);
    let keep = format!(
        "CREATE TABLE public.kept_flag AS SELECT task_uuid FROM tasker.tasks WHERE task_uuid = {ONE};"
    );

    shows(
        "6",
        &format!(
            "{keep} UPDATE tasker.tasks SET complete = false WHERE task_uuid IN (SELECT task_uuid FROM public.kept_flag)"
        ),
        "UPDATE tasker.tasks SET complete = true WHERE task_uuid IN (SELECT task_uuid FROM public.kept_flag); \
         DROP TABLE public.kept_flag",
        &["CV615"],
    );
}

#[test]
fn a_completed_step_without_a_result_is_found() {
    Cluster::take().check(&["--only", "501"]);
    let keep = format!(
        "CREATE TABLE public.kept_result AS SELECT workflow_step_uuid, results FROM tasker.workflow_steps \
         WHERE task_uuid = {ONE} ORDER BY 1 LIMIT 1;"
    );

    shows(
        "6",
        &format!(
            "{keep} UPDATE tasker.workflow_steps SET results = NULL \
             WHERE workflow_step_uuid IN (SELECT workflow_step_uuid FROM public.kept_result)"
        ),
        "UPDATE tasker.workflow_steps step SET results = kept.results FROM public.kept_result kept \
         WHERE step.workflow_step_uuid = kept.workflow_step_uuid; DROP TABLE public.kept_result",
        &["CV621"],
    );
}

#[test]
fn a_queue_with_messages_that_nobody_uses_is_found() {
    shows(
        "302,303,304,305,306,307,314,315,316",
        "SELECT pgmq.create('left_over'); SELECT pgmq.send('left_over', '{}')",
        "SELECT pgmq.drop_queue('left_over')",
        &["CV315"],
    );
}

#[test]
fn a_message_that_was_delivered_again_and_again_is_found() {
    shows(
        "302,303,304,305,306,307,314,315,316",
        "SELECT pgmq.send('worker_orchestration_queue', '{\"left\": true}'); \
         UPDATE pgmq.q_worker_orchestration_queue SET read_ct = 99 WHERE message = '{\"left\": true}'",
        "DELETE FROM pgmq.q_worker_orchestration_queue WHERE message = '{\"left\": true}'",
        &["CV314"],
    );
}
