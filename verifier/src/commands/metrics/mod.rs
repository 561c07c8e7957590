//! `metrics`: the metrics of every instance as one Prometheus text.

mod merge;

use std::path::Path;
use std::process::ExitCode;

use futures::future::join_all;

use crate::collect::endpoints::{client, fetch};
use crate::error::{Error, Result};
use crate::exit;
use crate::project::Project;
use crate::topology::{self, Topology};

pub fn run(given: Option<&Path>) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let selection = project.recorded_selection()?;
    let topology = topology::load(&project.root, &selection).map_err(Error::Configuration)?;
    let answers = super::block_on(ask(&topology))??;
    let mut merged = merge::Merged::default();
    let mut complete = true;
    for (instance, answer) in answers {
        let problems = match answer {
            Ok(text) => merged.add(&instance, &text),
            Err(why) => vec![why],
        };
        for problem in problems {
            complete = false;
            super::tell(&format!(
                "no metrics of {instance}: {problem}; run `./dev logs {instance}`"
            ));
        }
    }
    super::print(&merged.to_string())?;
    Ok(ExitCode::from(if complete {
        exit::PASSED
    } else {
        exit::UNKNOWN
    }))
}

/// What each instance answers, or why there is no answer, in the order of the topology.
async fn ask(topology: &Topology) -> Result<Vec<(String, std::result::Result<String, String>)>> {
    let client = client().map_err(|error| Error::Unavailable {
        what: "an HTTP client".into(),
        why: error.to_string(),
        hint: "check the system's certificates".into(),
    })?;
    let looks = topology.instances().map(|(_, instance)| {
        let request = client.get(format!("http://127.0.0.1:{}/metrics", instance.port));
        async move {
            let answer = match fetch(request).await {
                Ok((200, bytes)) => String::from_utf8(bytes).map_err(|error| error.to_string()),
                Ok((status, _)) => Err(format!("it answered {status} to GET /metrics")),
                Err(why) => Err(format!("GET /metrics: {why}")),
            };
            (instance.id.clone(), answer)
        }
    });
    Ok(join_all(looks).await)
}
