//! Asks process-compose, over its socket in the state folder.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::evidence::{Observed, Supervised, Supervisor};
use crate::project::Project;

#[derive(Deserialize)]
struct Processes {
    data: Vec<Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    start_time: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Process {
    name: String,
    status: String,
    /// "Ready", "Not Ready" or "-".
    is_ready: String,
    #[serde(default)]
    pid: u32,
    #[serde(default)]
    restarts: u32,
    #[serde(default)]
    exit_code: i32,
}

/// # Errors
/// Never: without an answer the supervisor is unseen, with the reason.
pub async fn collect(project: &Project) -> Observed<Supervisor> {
    let socket = project.supervisor_socket();
    if !socket.exists() {
        return Observed::unseen(
            "the supervisor",
            format!("no socket at {}", socket.display()),
        );
    }
    match ask::<Processes>(&socket, "processes").await {
        Ok(processes) => Observed::Seen(Supervisor {
            started_at: ask::<State>(&socket, "project/state")
                .await
                .ok()
                .map(|state| state.start_time),
            processes: processes
                .data
                .into_iter()
                .map(|process| {
                    let supervised = Supervised {
                        ready: process.is_ready == "Ready",
                        status: process.status,
                        pid: process.pid,
                        restarts: process.restarts,
                        exit_code: process.exit_code,
                    };
                    (process.name, supervised)
                })
                .collect(),
        }),
        Err(error) => Observed::unseen("the supervisor", format!("no answer: {error}")),
    }
}

async fn ask<T: DeserializeOwned>(
    socket: &std::path::Path,
    path: &str,
) -> Result<T, reqwest::Error> {
    reqwest::Client::builder()
        .unix_socket(socket)
        .timeout(Duration::from_secs(2))
        .build()?
        .get(format!("http://localhost/{path}"))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}
