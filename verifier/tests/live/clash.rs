//! Two servers that add the same name of a step at once, by force: this session stands for the one that is quicker.

use sqlx::Executor;

use crate::cluster::Cluster;
use crate::history::{connect, count, execute};
use crate::told::names;

/// The first step of a template that nothing else here is about.
const STEP: &str = "dag_init";
const NAMESPACE: &str = "rust_e2e_mixed_dag";
/// A server that has looked for the name, and now waits for this session's row.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                       AND application_name LIKE 'orchestration-_' AND query ILIKE '%tasker.named_steps%'";

#[test]
fn a_create_that_meets_another_servers_name_of_a_step_is_known_by_the_log_of_its_server() {
    let cluster = Cluster::take();
    // Earlier tasks keep the row under another name, and the next one is the first with this step.
    let earlier = format!(
        "UPDATE tasker.named_steps SET name = name || ' before ' || now() WHERE name = '{STEP}'"
    );
    execute(&cluster, &[&earlier]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut quicker = runtime.block_on(connect(&cluster));
    let insert = format!(
        "BEGIN; INSERT INTO tasker.named_steps (name, created_at, updated_at) VALUES ('{STEP}', now(), now())"
    );
    runtime.block_on(quicker.execute(insert.as_str())).unwrap();

    let verdict = std::thread::scope(|scope| {
        let check = scope.spawn(|| cluster.check(&["--only", "501", "--thorough"]));
        cluster.wait_for("a server that waits for the name", || {
            count(&cluster, WAITING) > 0
        });
        runtime.block_on(quicker.execute("COMMIT")).unwrap();
        check.join().unwrap()
    });

    assert_eq!(verdict.status, Some(0), "{verdict}");
    let findings = verdict.all_findings("CV501");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(!findings[0]["known"].is_null(), "{:#}", findings[0]);
    names(
        findings[0],
        None,
        &[NAMESPACE, "named_steps_name_unique", STEP],
    );
}
