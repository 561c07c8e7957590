//! What the cluster relies on in PGMQ, tried on queues of the tests' own.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::postgres::PgListener;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::common::{LifecycleTestManager, wait_until};

/// A queue that is gone when [`Queue::drop`] was called; its name tells whose it was, should a test die.
struct Queue {
    pool: PgPool,
    namespace: String,
    name: String,
}

impl Queue {
    async fn create() -> Result<Self> {
        let pool = LifecycleTestManager::setup().await?.databases.queues;
        let namespace = format!(
            "cluster_tests_{}",
            &Uuid::new_v4().simple().to_string()[..12]
        );
        let name = format!("worker_{namespace}_queue");
        let created = sqlx::query("SELECT pgmq.create($1)").bind(&name);
        created.execute(&pool).await.context("create a queue")?;
        Ok(Self {
            pool,
            namespace,
            name,
        })
    }

    async fn send(&self, message: Value) -> Result<i64> {
        let query = "SELECT tasker.pgmq_send_with_notify($1, $2, 0)";
        let row = sqlx::query(query).bind(&self.name).bind(message);
        Ok(row.fetch_one(&self.pool).await?.get(0))
    }

    /// Message ids and how often each was read; they stay invisible for so many seconds.
    async fn read(&self, seconds: i32, number: i32) -> Result<Vec<(i64, i32)>> {
        let query = "SELECT msg_id, read_ct FROM pgmq.read($1, $2, $3)";
        let rows = sqlx::query_as(query)
            .bind(&self.name)
            .bind(seconds)
            .bind(number);
        Ok(rows.fetch_all(&self.pool).await?)
    }

    async fn archive(&self, message: i64) -> Result<bool> {
        let query = "SELECT pgmq.archive($1, $2::bigint)";
        let row = sqlx::query(query).bind(&self.name).bind(message);
        Ok(row.fetch_one(&self.pool).await?.get(0))
    }

    async fn drop(self) -> Result<()> {
        let dropped = sqlx::query("SELECT pgmq.drop_queue($1)").bind(&self.name);
        dropped.execute(&self.pool).await?;
        Ok(())
    }
}

#[tokio::test]
async fn two_readers_at_once_never_get_the_same_message() -> Result<()> {
    let queue = Queue::create().await?;
    for number in 0..40 {
        queue.send(json!({"number": number})).await?;
    }

    let readers = (0..8).map(|_| queue.read(60, 10));
    let read = futures::future::try_join_all(readers).await?;

    let messages: Vec<i64> = read.iter().flatten().map(|(message, _)| *message).collect();
    let distinct: BTreeSet<&i64> = messages.iter().collect();
    ensure!(messages.len() == 40 && distinct.len() == 40, "{messages:?}");
    queue.drop().await
}

#[tokio::test]
async fn a_message_that_nobody_archived_comes_back_and_counts_its_reads() -> Result<()> {
    let queue = Queue::create().await?;
    let message = queue.send(json!({})).await?;

    ensure!(queue.read(1, 1).await? == [(message, 1)]);
    ensure!(queue.read(1, 1).await?.is_empty(), "visible again at once");
    let again = wait_until(Duration::from_secs(5), async || {
        let read = queue.read(60, 1).await?;
        ensure!(!read.is_empty(), "it does not come back");
        Ok(read)
    });

    ensure!(again.await? == [(message, 2)]);
    queue.drop().await
}

#[tokio::test]
async fn an_archived_message_is_kept_and_not_delivered_again() -> Result<()> {
    let queue = Queue::create().await?;
    let message = queue.send(json!({"kept": true})).await?;
    queue.read(0, 1).await?;

    ensure!(queue.archive(message).await?);
    ensure!(!queue.archive(message).await?, "archived twice");

    ensure!(queue.read(0, 1).await?.is_empty());
    let query = format!("SELECT message FROM pgmq.\"a_{}\"", queue.name);
    let kept: Vec<Value> = sqlx::query_scalar(&query).fetch_all(&queue.pool).await?;
    ensure!(kept == [json!({"kept": true})], "{kept:?}");
    queue.drop().await
}

#[tokio::test]
async fn a_send_is_announced_to_every_listener_on_its_namespace_and_to_no_other() -> Result<()> {
    let (queue, other) = (Queue::create().await?, Queue::create().await?);
    let channel = |queue: &Queue| format!("pgmq_message_ready.{}", queue.namespace);
    let mut first = PgListener::connect_with(&queue.pool).await?;
    let mut second = PgListener::connect_with(&queue.pool).await?;
    let mut apart = PgListener::connect_with(&queue.pool).await?;
    first.listen(&channel(&queue)).await?;
    second.listen(&channel(&queue)).await?;
    apart.listen(&channel(&other)).await?;

    let message = queue.send(json!({"small": true})).await?;
    let in_time = |listener: PgListener| {
        let mut listener = listener;
        async move { tokio::time::timeout(Duration::from_secs(5), listener.recv()).await }
    };
    let (first, second) = futures::join!(in_time(first), in_time(second));
    // Its own announcement comes after the one that it must not have heard.
    other.send(json!({})).await?;
    let apart = in_time(apart).await;

    for heard in [first, second] {
        let heard = heard.context("nothing was announced")??;
        let payload: Value = serde_json::from_str(heard.payload())?;
        ensure!(payload["msg_id"] == message, "{payload}");
        ensure!(payload["queue_name"] == queue.name, "{payload}");
    }
    let heard = apart.context("nothing was announced")??;
    ensure!(heard.payload().contains(&other.name), "{}", heard.payload());
    queue.drop().await?;
    other.drop().await
}
