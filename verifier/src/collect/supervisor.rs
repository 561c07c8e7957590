//! Asks process-compose, over its socket in the state folder.

use std::time::Duration;

use serde::Deserialize;

use crate::evidence::{Observed, Supervised, Supervisor};
use crate::project::Project;

#[derive(Deserialize)]
struct Processes {
    data: Vec<Process>,
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
    match ask(&socket).await {
        Ok(processes) => Observed::Seen(Supervisor {
            pid: None,
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

async fn ask(socket: &std::path::Path) -> Result<Processes, reqwest::Error> {
    reqwest::Client::builder()
        .unix_socket(socket)
        .timeout(Duration::from_secs(2))
        .build()?
        .get("http://localhost/processes")
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}
