//! `status --watch`: the same again every second, until Ctrl-C or until nobody reads on.

use std::io::IsTerminal;
use std::time::Duration;

use super::{InstanceStatus, now, table};
use crate::cli::{ListFormat, StatusArgs};
use crate::collect::progress::Progress;
use crate::commands::try_print;
use crate::error::Result;
use crate::project::Project;

const PERIOD: Duration = Duration::from_secs(1);
/// To the upper left corner; to the end of a line and of the screen: rewriting does not flicker.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";
const CLEAR: &str = "\x1b[2J";

/// Answers what was seen last.
///
/// # Errors
/// The cluster's description does not parse, or has no such instance.
pub async fn follow(project: &Project, args: &StatusArgs) -> Result<Vec<InstanceStatus>> {
    let redraws = args.output == ListFormat::Table && std::io::stdout().is_terminal();
    let mut last: Option<Vec<InstanceStatus>> = None;
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    if redraws && try_print(CLEAR).is_err() {
        return Ok(Vec::new());
    }
    loop {
        tokio::select! {
            _ = period.tick() => {}
            _ = tokio::signal::ctrl_c() => return Ok(last.unwrap_or_default()),
        }
        let instances = now(project, args, &Progress::hidden()).await?;
        let is_new = last.as_ref().is_none_or(|last| changed(last, &instances));
        let text = match args.output {
            ListFormat::Table if redraws => screen(&table(&instances)),
            ListFormat::Table => format!("{}\n", table(&instances)),
            ListFormat::Json => format!("{}\n", serde_json::json!({ "instances": instances })),
        };
        last = Some(instances);
        if (redraws || is_new) && try_print(&text).is_err() {
            return Ok(last.unwrap_or_default());
        }
    }
}

/// Whether anything but the time that has passed is another.
fn changed(before: &[InstanceStatus], after: &[InstanceStatus]) -> bool {
    let timeless = |instance: &InstanceStatus| InstanceStatus {
        uptime_seconds: None,
        ..instance.clone()
    };
    !before.iter().map(timeless).eq(after.iter().map(timeless))
}

fn screen(text: &str) -> String {
    let lines: String = text
        .lines()
        .map(|line| format!("{line}{REST_OF_LINE}\n"))
        .collect();
    format!("{HOME}{lines}{REST_OF_SCREEN}")
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    fn instance(uptime: i64, status: Health) -> InstanceStatus {
        InstanceStatus {
            instance: "worker-rust-1".into(),
            status,
            pid: Some(7),
            port: 8100,
            uptime_seconds: Some(uptime),
            restarts: 0,
            database_id: None,
            namespaces: Vec::new(),
        }
    }

    #[test]
    fn to_grow_older_is_no_change() {
        let young = [instance(1, Health::Healthy)];

        assert!(!changed(&young, &[instance(2, Health::Healthy)]));
        assert!(changed(&young, &[instance(2, Health::NotReady)]));
        assert!(changed(&young, &[]));
    }
}
