//! What the other levels rely on in the database: tried in transactions that are rolled back.

use anyhow::{Result, ensure};
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use crate::common::LifecycleTestManager;

/// A template of two steps, as a worker would have registered it.
struct Template {
    named_task: Uuid,
    named_steps: [Uuid; 2],
}

/// A task of two steps, the second after the first, as a server would have created it.
struct Task {
    task: Uuid,
    steps: [Uuid; 2],
}

async fn insert_template(database: &mut Transaction<'_, Postgres>) -> Result<Template> {
    let query = "INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at) \
                 VALUES ($1, $1::text, now(), now())";
    let namespace = Uuid::now_v7();
    let inserted = sqlx::query(query).bind(namespace);
    inserted.execute(&mut **database).await?;
    let query = "INSERT INTO tasker.named_tasks \
                     (named_task_uuid, task_namespace_uuid, name, version, created_at, updated_at) \
                 VALUES ($1, $2, $1::text, '1.0.0', now(), now())";
    let named_task = Uuid::now_v7();
    let inserted = sqlx::query(query).bind(named_task).bind(namespace);
    inserted.execute(&mut **database).await?;
    let named_steps = [Uuid::now_v7(), Uuid::now_v7()];
    for step in named_steps {
        let query = "INSERT INTO tasker.named_steps (named_step_uuid, name, created_at, updated_at) \
                     VALUES ($1, $1::text, now(), now())";
        let inserted = sqlx::query(query).bind(step);
        inserted.execute(&mut **database).await?;
    }
    Ok(Template {
        named_task,
        named_steps,
    })
}

async fn insert_task(
    database: &mut Transaction<'_, Postgres>,
    template: &Template,
    identity: &str,
) -> Result<Uuid> {
    let query = "INSERT INTO tasker.tasks (task_uuid, named_task_uuid, requested_at, identity_hash, \
                     context, created_at, updated_at, correlation_id) \
                 VALUES ($1, $2, now(), $3, '{}', now(), now(), $1)";
    let task = Uuid::now_v7();
    let inserted = sqlx::query(query)
        .bind(task)
        .bind(template.named_task)
        .bind(identity);
    inserted.execute(&mut **database).await?;
    Ok(task)
}

async fn insert(database: &mut Transaction<'_, Postgres>) -> Result<Task> {
    let template = insert_template(database).await?;
    let task = insert_task(database, &template, &Uuid::now_v7().to_string()).await?;
    let steps = [Uuid::now_v7(), Uuid::now_v7()];
    for (step, named_step) in steps.iter().zip(template.named_steps) {
        let query = "INSERT INTO tasker.workflow_steps \
                         (workflow_step_uuid, task_uuid, named_step_uuid, created_at, updated_at) \
                     VALUES ($1, $2, $3, now(), now())";
        let inserted = sqlx::query(query).bind(step).bind(task).bind(named_step);
        inserted.execute(&mut **database).await?;
        step_goes(database, *step, None, "pending", 1).await?;
    }
    let query = "INSERT INTO tasker.workflow_step_edges \
                     (from_step_uuid, to_step_uuid, name, created_at, updated_at) \
                 VALUES ($1, $2, 'provides', now(), now())";
    let edge = sqlx::query(query).bind(steps[0]).bind(steps[1]);
    edge.execute(&mut **database).await?;
    task_goes(database, task, None, "pending", 1).await?;
    Ok(Task { task, steps })
}

async fn task_goes(
    database: &mut Transaction<'_, Postgres>,
    task: Uuid,
    from: Option<&str>,
    to: &str,
    sort_key: i32,
) -> Result<()> {
    let query = "INSERT INTO tasker.task_transitions \
                     (task_uuid, from_state, to_state, sort_key, most_recent, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, true, now(), now())";
    let row = sqlx::query(query)
        .bind(task)
        .bind(from)
        .bind(to)
        .bind(sort_key);
    row.execute(&mut **database).await?;
    Ok(())
}

async fn step_goes(
    database: &mut Transaction<'_, Postgres>,
    step: Uuid,
    from: Option<&str>,
    to: &str,
    sort_key: i32,
) -> Result<()> {
    let old = "UPDATE tasker.workflow_step_transitions SET most_recent = false WHERE workflow_step_uuid = $1";
    sqlx::query(old).bind(step).execute(&mut **database).await?;
    let query = "INSERT INTO tasker.workflow_step_transitions \
                     (workflow_step_uuid, from_state, to_state, sort_key, most_recent, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, true, now(), now())";
    let row = sqlx::query(query)
        .bind(step)
        .bind(from)
        .bind(to)
        .bind(sort_key);
    row.execute(&mut **database).await?;
    Ok(())
}

/// Whether the engine's own function has each step of the task ready to run.
async fn ready(database: &mut Transaction<'_, Postgres>, task: &Task) -> Result<Vec<bool>> {
    let query =
        "SELECT workflow_step_uuid, ready_for_execution FROM tasker.get_step_readiness_status($1)";
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(query)
        .bind(task.task)
        .fetch_all(&mut **database)
        .await?;
    let of = |step: &Uuid| {
        rows.iter()
            .any(|(candidate, ready)| candidate == step && *ready)
    };
    Ok(task.steps.iter().map(of).collect())
}

fn violates(error: &anyhow::Error, index: &str) -> bool {
    let error = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<sqlx::Error>());
    let error = error.and_then(sqlx::Error::as_database_error);
    error.is_some_and(|error| error.constraint() == Some(index))
}

#[tokio::test]
async fn the_engines_migrations_are_applied_and_nothing_else() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let query = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";

    let applied: Vec<i64> = sqlx::query_scalar(query).fetch_all(&manager.pool).await?;

    let expected = &crate::common::Environment::get().topology.engine.migrations;
    ensure!(
        applied == *expected,
        "applied {applied:?}, the engine ships {expected:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_second_task_of_the_same_identity_is_refused() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let mut database = manager.begin().await?;
    let template = insert_template(&mut database).await?;
    insert_task(&mut database, &template, "one identity").await?;

    let error = insert_task(&mut database, &template, "one identity")
        .await
        .unwrap_err();

    ensure!(violates(&error, "idx_tasks_identity_hash"), "{error:#}");
    Ok(())
}

#[tokio::test]
async fn a_task_has_one_present_state() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let mut database = manager.begin().await?;
    let task = insert(&mut database).await?;

    // What a server does that has not seen what another one wrote.
    let second = task_goes(&mut database, task.task, Some("pending"), "initializing", 2).await;

    let error = second.unwrap_err();
    ensure!(
        violates(&error, "idx_task_transitions_uuid_most_recent"),
        "{error:#}"
    );
    Ok(())
}

#[tokio::test]
async fn a_state_that_the_engine_does_not_have_is_refused() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let mut database = manager.begin().await?;
    let template = insert_template(&mut database).await?;
    let task = insert_task(&mut database, &template, &Uuid::now_v7().to_string()).await?;

    let error = task_goes(&mut database, task, None, "finished", 1)
        .await
        .unwrap_err();

    ensure!(
        violates(&error, "chk_task_transitions_to_state"),
        "{error:#}"
    );
    Ok(())
}

#[tokio::test]
async fn a_step_is_ready_once_its_parent_is_complete() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let mut database = manager.begin().await?;
    let task = insert(&mut database).await?;
    ensure!(ready(&mut database, &task).await? == [true, false]);

    let [parent, _] = task.steps;
    step_goes(&mut database, parent, Some("pending"), "enqueued", 2).await?;
    step_goes(&mut database, parent, Some("enqueued"), "in_progress", 3).await?;
    ensure!(
        ready(&mut database, &task).await? == [false, false],
        "with its parent in progress"
    );
    let done = "UPDATE tasker.workflow_steps SET processed = true WHERE workflow_step_uuid = $1";
    sqlx::query(done)
        .bind(parent)
        .execute(&mut *database)
        .await?;
    step_goes(&mut database, parent, Some("in_progress"), "complete", 4).await?;

    ensure!(
        ready(&mut database, &task).await? == [false, true],
        "with its parent complete"
    );
    Ok(())
}

#[tokio::test]
async fn a_step_that_has_used_up_its_attempts_is_not_ready() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let mut database = manager.begin().await?;
    let task = insert(&mut database).await?;

    let used_up =
        "UPDATE tasker.workflow_steps SET attempts = max_attempts WHERE workflow_step_uuid = $1";
    let updated = sqlx::query(used_up).bind(task.steps[0]);
    updated.execute(&mut *database).await?;

    ensure!(ready(&mut database, &task).await? == [false, false]);
    Ok(())
}

#[tokio::test]
async fn a_transition_is_refused_when_another_server_was_first() -> Result<()> {
    let manager = LifecycleTestManager::setup().await?;
    let mut database = manager.begin().await?;
    let task = insert(&mut database).await?;
    let claim = "SELECT tasker.transition_task_state_atomic($1, 'pending', 'initializing', $2)";
    let mut won = Vec::new();

    for server in [Uuid::now_v7(), Uuid::now_v7()] {
        let row = sqlx::query(claim).bind(task.task).bind(server);
        won.push(row.fetch_one(&mut *database).await?.get::<bool, _>(0));
    }

    ensure!(won == [true, false], "{won:?}");
    Ok(())
}
