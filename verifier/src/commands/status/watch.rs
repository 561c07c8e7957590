//! `status --watch`: the same again every second, until Ctrl-C or until nobody reads on.

use std::io::IsTerminal;
use std::time::Duration;

use super::{ClusterStatus, now, table};
use crate::cli::{ListFormat, StatusArgs};
use crate::collect::progress::Progress;
use crate::commands::{interrupts, is_read};
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
/// The cluster's description does not parse, or has no such instance, or the answer cannot be written.
pub async fn follow(project: &Project, args: &StatusArgs) -> Result<ClusterStatus> {
    let redraws = args.output == ListFormat::Table && std::io::stdout().is_terminal();
    // Listens from here on: a Ctrl-C during a look must not get lost.
    let mut interrupted = interrupts()?;
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    if redraws && !is_read(CLEAR)? {
        return Ok(ClusterStatus::default());
    }
    let mut last = ClusterStatus::default();
    loop {
        let look = async {
            period.tick().await;
            now(project, args, &Progress::hidden()).await
        };
        tokio::select! {
            _ = interrupted.recv() => return Ok(last),
            seen = look => last = seen?,
        }
        // A reader that went away is noticed at the next second's text.
        let goes_on = is_read(&match args.output {
            ListFormat::Table if redraws => screen(&table(&last)),
            ListFormat::Table => format!("{}\n", table(&last)),
            ListFormat::Json => format!("{}\n", serde_json::json!(last)),
        })?;
        if !goes_on {
            return Ok(last);
        }
    }
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
    use super::*;

    #[test]
    fn a_redrawn_screen_leaves_nothing_of_the_one_before() {
        assert_eq!(screen("a\nb\n"), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    }
}
