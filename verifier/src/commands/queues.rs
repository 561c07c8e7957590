//! `queues`: every namespace's queue, what waits in it, and who takes from it.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::gather::{Depth, begin, gather};
use super::unavailable;
use crate::cli::{ListFormat, QueuesArgs};
use crate::collect::progress::Progress;
use crate::collect::witness::Reach;
use crate::error::Result;
use crate::evidence::{Evidence, Queue, Unseen};
use crate::project::Project;

#[derive(Debug, Serialize)]
struct Row {
    queue: String,
    namespace: Option<String>,
    messages: i64,
    visible: i64,
    oldest_visible_seconds: Option<i64>,
    /// Instances seen to take from it, and from some queue just now; none where nobody looked.
    subscribers: Option<Vec<String>>,
}

pub fn run(given: Option<&Path>, args: &QueuesArgs) -> Result<ExitCode> {
    let project = Project::find(given)?;
    let evidence = super::block_on(look(&project, args.quick))??;
    let rows = rows(&evidence).map_err(unavailable)?;
    super::print(&match args.output {
        ListFormat::Table => table(&rows),
        ListFormat::Json => format!("{:#}\n", serde_json::json!({ "queues": rows })),
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn look(project: &Project, quick: bool) -> Result<Evidence> {
    let progress = Progress::new();
    let mut evidence = begin(project)?;
    let depth = if quick {
        Depth::Quick {
            past: Some(0).into(),
            witness: Reach::Ends,
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
        let subscribers = evidence.subscriptions.ok().map(|seen| {
            let names = namespace.map(|namespace| seen.subscribers(namespace));
            let alive = names.into_iter().flatten().filter(|it| seen.is_alive(it));
            alive.map(str::to_owned).collect()
        });
        Row {
            queue: queue.name.clone(),
            namespace: namespace.map(str::to_owned),
            messages: queue.messages,
            visible: queue.visible,
            oldest_visible_seconds: queue.oldest_visible_seconds,
            subscribers,
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
        let subscribers = match &row.subscribers {
            None => "?".to_owned(),
            Some(names) if names.is_empty() => "-".to_owned(),
            Some(names) => names.join(" "),
        };
        text.push_str(&format!(
            "{:<40} {:>8} {:>8} {:>8}  {}\n",
            row.queue, row.messages, row.visible, oldest, subscribers
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Observed;

    /// Of the queue of the namespace `mail`: as in JSON, and as in the table.
    fn subscribers(evidence: &Evidence) -> (Option<Vec<String>>, String) {
        let rows = rows(evidence).unwrap();
        let is_mail = |row: &Row| row.queue == "worker_mail_queue";
        let row = rows.into_iter().find(is_mail).unwrap();
        let table = table(std::slice::from_ref(&row));
        let line = table.lines().nth(1).unwrap();
        let words: Vec<&str> = line.split_whitespace().skip(4).collect();
        (row.subscribers, words.join(" "))
    }

    #[test]
    fn who_was_not_looked_for_is_told_apart_from_nobody() {
        let mut evidence = Evidence::healthy();
        let (both, words) = subscribers(&evidence);
        assert_eq!(both.unwrap().len(), 2);
        assert_eq!(words, "worker-rust-1 worker-rust-2");

        evidence.subscriptions.seen_mut().alive.clear();
        assert_eq!(subscribers(&evidence), (Some(Vec::new()), "-".to_owned()));

        evidence.subscriptions = Observed::not_looked("subscriptions");
        assert_eq!(subscribers(&evidence), (None, "?".to_owned()));
    }
}
