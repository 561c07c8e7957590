//! Whether an instance is ready, by its own word.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::join_all;
use tasker_client::{
    OrchestrationApiClient, OrchestrationApiConfig, WorkerApiClient, WorkerApiConfig,
};

use crate::wait_until;

/// One request may take this long: a create on a loaded machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server works off a full command channel in seconds; on a loaded machine in more.
const UNTIL_ROOM: Duration = Duration::from_secs(120);

/// A client that sends each request once: a create that is retried may happen twice.
pub(crate) fn server(url: &str) -> Result<OrchestrationApiClient> {
    server_within(url, PATIENCE)
}

pub(crate) fn server_within(url: &str, patience: Duration) -> Result<OrchestrationApiClient> {
    OrchestrationApiClient::new(OrchestrationApiConfig {
        base_url: url.to_owned(),
        timeout_ms: milliseconds(patience),
        max_retries: 1,
        auth: None,
    })
    .with_context(|| format!("a client for {url}"))
}

pub(crate) fn worker(url: &str, patience: Duration) -> Result<WorkerApiClient> {
    WorkerApiClient::new(WorkerApiConfig {
        base_url: url.to_owned(),
        timeout_ms: milliseconds(patience),
        max_retries: 1,
        auth: None,
    })
    .with_context(|| format!("a client for {url}"))
}

/// Asks `/health/ready`: `/health` answers that all is well as soon as the port is open.
pub(crate) async fn server_is_ready(url: &str, patience: Duration) -> Result<()> {
    server_within(url, patience)?.readiness_probe().await?;
    Ok(())
}

pub(crate) async fn worker_is_ready(url: &str, patience: Duration) -> Result<()> {
    worker(url, patience)?.readiness_probe().await?;
    Ok(())
}

/// Waits for the probes of all of them side by side, so that one deadline is for all.
///
/// # Errors
/// Each that did not get ready in time, with what it said.
pub(crate) async fn wait_for_all<'a, F: Future<Output = Result<()>>>(
    urls: &'a [String],
    timeout: Duration,
    probe: impl Fn(&'a str) -> F,
) -> Result<()> {
    let waits = urls.iter().map(async |url| {
        wait_until(timeout, || probe(url))
            .await
            .with_context(|| format!("{url} did not get ready within {timeout:?}: ./dev status"))
    });
    let waited = join_all(waits).await.into_iter();
    let late = waited.filter_map(|ready| Some(format!("{:#}", ready.err()?)));
    let late: Vec<String> = late.collect();
    if !late.is_empty() {
        bail!(late.join("\n"));
    }
    Ok(())
}

/// Waits until a server that turned a task away says that it takes tasks again.
///
/// # Errors
/// It does not for two minutes; what it says of the part that is too busy.
pub(crate) async fn wait_for_room(client: &OrchestrationApiClient) -> Result<()> {
    wait_until(UNTIL_ROOM, async || {
        let said = client.get_detailed_health().await?.checks;
        let parts = [
            said.channel_saturation,
            said.queue_depth,
            said.circuit_breaker,
        ];
        match parts.into_iter().find(|part| part.status == "unhealthy") {
            Some(busy) => bail!("{}: {:?}", client.base_url(), busy.message),
            None => Ok(()),
        }
    })
    .await
}

/// The same for callers that cannot wait; the runtime of a test has one thread, which is busy with the caller.
pub(crate) fn server_is_ready_now(url: &str, patience: Duration) -> bool {
    now(server_is_ready(url, patience))
}

pub(crate) fn worker_is_ready_now(url: &str, patience: Duration) -> bool {
    now(worker_is_ready(url, patience))
}

fn now(probe: impl Future<Output = Result<()>> + Send) -> bool {
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.is_ok_and(|runtime| runtime.block_on(probe).is_ok())
    };
    std::thread::scope(|scope| scope.spawn(ask).join().unwrap_or(false))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
