//! Asks every instance for its health, all at once, with a bound on time and size.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::future::join_all;
use serde_json::Value;

use super::prometheus;
use crate::evidence::{Answer, InstanceEndpoints, Metrics, Observed};
use crate::topology::Topology;

/// One answer may take this long.
const PATIENCE: Duration = Duration::from_secs(5);
/// A body beyond this is not read on: a broken instance must not fill our memory.
const MAX_BODY: usize = 1 << 20;

pub async fn collect(topology: &Topology) -> BTreeMap<String, InstanceEndpoints> {
    let Ok(client) = client() else {
        return BTreeMap::new();
    };
    let looks = topology.instances().map(|(_, instance)| {
        let client = client.clone();
        async move {
            let base = instance.base_url();
            let get = |path: &str| get(&client, format!("{base}{path}"));
            let (health, ready, detailed, templates, metrics) = futures::join!(
                get("/health"),
                get("/health/ready"),
                get("/health/detailed"),
                get("/v1/templates"),
                metrics(&client, format!("{base}/metrics"))
            );
            (
                instance.id.clone(),
                InstanceEndpoints {
                    health,
                    ready,
                    detailed,
                    templates,
                    metrics,
                },
            )
        }
    });
    join_all(looks).await.into_iter().collect()
}

/// A client that never goes through a proxy and never waits for ever.
///
/// # Errors
/// The TLS library could not be set up.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
}

/// GETs one address.
pub async fn get(client: &reqwest::Client, url: String) -> Observed<Answer> {
    let (asked, begun) = (Utc::now(), Instant::now());
    match fetch(client.get(&url)).await {
        Ok((status, bytes)) => Observed::Seen(Answer {
            status,
            at: asked + begun.elapsed() / 2,
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }),
        Err(why) => Observed::unseen(url, why),
    }
}

async fn metrics(client: &reqwest::Client, url: String) -> Observed<Metrics> {
    match fetch(client.get(&url)).await {
        Ok((status, bytes)) => {
            let (families, problem) = prometheus::read(&String::from_utf8_lossy(&bytes));
            Observed::Seen(Metrics {
                status,
                samples: families
                    .iter()
                    .map(|family| family.samples.len() as u64)
                    .sum(),
                problem,
            })
        }
        Err(why) => Observed::unseen(url, why),
    }
}

/// Sends a request and reads the answer, up to the bound.
///
/// # Errors
/// Why there was no whole answer, as a clause.
pub async fn fetch(request: reqwest::RequestBuilder) -> Result<(u16, Vec<u8>), String> {
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BODY {
            return Err(format!("the answer is longer than {MAX_BODY} bytes"));
        }
    }
    Ok((status, bytes))
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {PATIENCE:?}");
    }
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    source.to_string()
}
