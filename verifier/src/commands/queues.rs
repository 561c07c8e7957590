//! `queues`: every namespace's queue, what waits in it, and who takes from it.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::gather::{Depth, begin, gather};
use crate::cli::{ListFormat, QueuesArgs};
use crate::collect::progress::Progress;
use crate::error::{Error, Result};
use crate::evidence::{Evidence, Queue, Unseen};
use crate::project::Project;

#[derive(Debug, Serialize)]
struct Row {
    queue: String,
    namespace: Option<String>,
    messages: i64,
    visible: i64,
    oldest_visible_seconds: Option<i64>,
    /// Instances seen to take from it; none where nobody does.
    subscribers: Vec<String>,
}

pub fn run(given: Option<&Path>, args: &QueuesArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let evidence = super::block_on(look(&project, args.quick))??;
    let rows = rows(&evidence).map_err(|unseen| Error::Unavailable {
        what: unseen.what,
        why: unseen.why,
        hint: "`./dev up --wait` starts the cluster".into(),
    })?;
    super::print(&match args.output {
        ListFormat::Table => table(&rows),
        ListFormat::Json => format!("{:#}\n", serde_json::json!({ "queues": rows })),
    });
    Ok(ExitCode::SUCCESS)
}

async fn look(project: &Project, quick: bool) -> Result<Evidence> {
    let progress = Progress::new();
    let mut evidence = begin(project)?;
    let depth = if quick {
        Depth::Quick {
            past: Some(0).into(),
        }
    } else {
        Depth::Subscriptions
    };
    gather(project, &mut evidence, depth, &progress).await?;
    Ok(evidence)
}

fn rows(evidence: &Evidence) -> std::result::Result<Vec<Row>, Unseen> {
    let database = evidence.database.seen()?;
    let row = |queue: &Queue| {
        let namespace = queue
            .name
            .strip_prefix("worker_")
            .and_then(|rest| rest.strip_suffix("_queue"));
        let subscribers = namespace
            .zip(evidence.subscriptions.ok())
            .map(|(namespace, seen)| seen.subscribers(namespace))
            .unwrap_or_default();
        Row {
            queue: queue.name.clone(),
            namespace: namespace.map(str::to_owned),
            messages: queue.messages,
            visible: queue.visible,
            oldest_visible_seconds: queue.oldest_visible_seconds,
            subscribers: subscribers.into_iter().map(str::to_owned).collect(),
        }
    };
    Ok(database.queues.iter().map(row).collect())
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<40} {:>8} {:>8} {:>8}  {}\n",
        "QUEUE", "MESSAGES", "VISIBLE", "OLDEST", "SUBSCRIBERS"
    );
    for row in rows {
        let oldest = row
            .oldest_visible_seconds
            .map_or_else(|| "-".to_owned(), |age| format!("{age}s"));
        let subscribers = if row.subscribers.is_empty() {
            "-".to_owned()
        } else {
            row.subscribers.join(" ")
        };
        text.push_str(&format!(
            "{:<40} {:>8} {:>8} {:>8}  {}\n",
            row.queue, row.messages, row.visible, oldest, subscribers
        ));
    }
    text
}
