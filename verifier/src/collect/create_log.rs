//! Why a server answered a create with an error: its answer does not say, its own log does.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// Read from the end of a log.
const TAIL: u64 = 1 << 19;
/// The line passes through the supervisor before it is in the file.
const UNTIL_LOGGED: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(50);
/// How a server tells of a create that it answers with an error.
const FAILED: &str = "Task creation failed - server error";
/// What the reason comes after, in such a line.
const REASON: &str = " error=";

/// The reason that a server's log gives for a create of this template that failed since then, once it is there.
///
/// None is told when there is no log, no line within a second, or when creates of the template failed for several
/// reasons: which of them was ours, the lines do not say.
pub async fn reason(
    log: &Path,
    namespace: &str,
    template: &str,
    since: DateTime<Utc>,
) -> Option<String> {
    let begun = Instant::now();
    loop {
        let lines = lines_since(log, since).ok()?;
        let mut reasons = reasons(&lines, namespace, template);
        reasons.dedup();
        match reasons[..] {
            [] if begun.elapsed() < UNTIL_LOGGED => tokio::time::sleep(EVERY).await,
            [reason] => return Some(reason.to_owned()),
            _ => return None,
        }
    }
}

/// The reasons that lines of a log give for creates of this template that failed, in their order.
pub fn reasons<'a>(lines: &'a [String], namespace: &str, template: &str) -> Vec<&'a str> {
    let about = format!("namespace={namespace} task_name={template} ");
    let failed = lines
        .iter()
        .filter(|line| line.contains(FAILED) && line.contains(&about));
    failed
        .filter_map(|line| line.split_once(REASON).map(|(_, reason)| reason))
        .collect()
}

/// The lines at the end of a log that are not older than that.
///
/// # Errors
/// The file cannot be read.
pub fn lines_since(log: &Path, since: DateTime<Utc>) -> io::Result<Vec<String>> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let is_since = |line: &&str| {
        let mut words = line.split_whitespace();
        let at = words.find_map(|word| word.parse::<DateTime<Utc>>().ok());
        at.is_some_and(|at| at >= since)
    };
    Ok(text.lines().filter(is_since).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASH: &str = "ERROR orchestration-1 tasker_orchestration::services::task_service: Task creation failed - \
        server error namespace=mail task_name=send error=Database error: duplicate key value";

    fn log(lines: &[(&str, &str)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = lines.iter().map(|(at, line)| format!("{at} {line}\n"));
        std::fs::write(file.path(), lines.collect::<String>()).unwrap();
        file
    }

    async fn told(lines: &[(&str, &str)]) -> Option<String> {
        let since = "2026-11-26T07:00:00Z".parse().unwrap();
        reason(log(lines).path(), "mail", "send", since).await
    }

    #[tokio::test]
    async fn the_reason_is_what_the_log_gives_for_this_template_since_then() {
        let earlier = CLASH.replace("duplicate key value", "an earlier one");
        let other = CLASH.replace("task_name=send", "task_name=send_again");

        let reason = told(&[
            ("2026-11-26T06:59:59.9Z", &earlier),
            ("2026-11-26T07:00:00.1Z", &other),
            ("2026-11-26T07:00:00.2Z", CLASH),
            ("2026-11-26T07:00:00.3Z", CLASH),
        ])
        .await;

        assert_eq!(
            reason.as_deref(),
            Some("Database error: duplicate key value")
        );
    }

    #[tokio::test]
    async fn of_two_reasons_none_is_told() {
        let other = CLASH.replace("duplicate key value", "deadlock detected");

        let reason = told(&[
            ("2026-11-26T07:00:00.2Z", CLASH),
            ("2026-11-26T07:00:00.3Z", &other),
        ])
        .await;

        assert_eq!(reason, None);
    }

    #[tokio::test]
    async fn a_line_that_comes_later_is_waited_for_and_one_that_never_comes_not_for_long() {
        assert_eq!(told(&[]).await, None);

        let file = log(&[]);
        let since = "2026-11-26T07:00:00Z".parse().unwrap();
        let (reason, ()) = tokio::join!(reason(file.path(), "mail", "send", since), async {
            tokio::time::sleep(EVERY).await;
            std::fs::write(file.path(), format!("2026-11-26T07:00:00.2Z {CLASH}\n")).unwrap();
        });
        assert!(reason.is_some());
    }

    #[tokio::test]
    async fn without_a_log_there_is_no_reason() {
        let nowhere = Path::new("/nonexistent/orchestration-1.log");

        assert_eq!(reason(nowhere, "mail", "send", Utc::now()).await, None);
    }
}
