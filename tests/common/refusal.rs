//! Creates that the engine answers with an error for a reason that is known, by the server's own log:
//! the engine's client keeps no status and no text of an answer in the 500s.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::Utc;
use cluster_verify::collect::create_log::{lines_since, reasons};
use cluster_verify::evidence::CreateOutcome;
use cluster_verify::known::{Entry, Known as Accepted};

use crate::outcome::{self, Outcome};
use crate::{Environment, Sent, wait_until};

/// The line passes through the supervisor before it is in the file.
const UNTIL_LOGGED: Duration = Duration::from_secs(1);
/// How a server tells of a request that it turned away because it is too busy.
pub(crate) const TURNED_AWAY: &str = "API request rejected due to backpressure";

/// What became of a create that the engine is known to answer with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing was left behind: it can be asked again.
    Refused,
    /// The task exists and goes on.
    Created,
    /// The server takes no task at this moment, as it may say at any time.
    Busy,
}

/// What became of the create by the code under which the fault is listed.
const OUTCOMES: [(&str, Known); 2] = [("CV501", Known::Refused), ("CV513", Known::Created)];

/// What the engine is known to have done with a create that failed, by the server's own log. A fault
/// is recorded; with `TASKER_TEST_STRICT=1` no fault is known.
pub(crate) async fn known(sent: &Sent) -> Result<Option<Known>> {
    let refused = matches!(sent.outcome(), CreateOutcome::Refused { .. });
    if sent.answer.is_ok() || refused {
        return Ok(None);
    }
    let (namespace, template) = (&sent.request.namespace, &sent.request.name);
    let environment = Environment::get();
    let log = environment.project.log(&sent.via);
    let logged = wait_until(UNTIL_LOGGED, async || {
        let lines = lines_since(&log, sent.began)?;
        // Another create may have been turned away in the meantime: what names ours comes first.
        let own = reasons(&lines, namespace, template).last().copied();
        let turned_away = || lines.iter().rfind(|line| line.contains(TURNED_AWAY));
        let told = own.or_else(|| turned_away().map(String::as_str));
        told.map(str::to_owned).context("not logged")
    })
    .await;
    let Ok(logged) = logged else { return Ok(None) };
    if logged.contains(TURNED_AWAY) {
        return Ok(Some(Known::Busy));
    }
    if outcome::is_strict() {
        return Ok(None);
    }
    let accepted =
        Accepted::load(&environment.project.root).map_err(|problem| anyhow!("{problem}"))?;
    let topology = &environment.topology;
    let in_force = |entry: &&Entry| {
        let today = Utc::now().date_naive();
        entry.is_in_force(&topology.engine.version, &topology.profile, today)
    };
    let in_force = accepted.entries.iter().filter(in_force);
    let Some((entry, outcome)) = fault(in_force, &logged) else {
        return Ok(None);
    };
    outcome::record(&Outcome::Known {
        code: &entry.code,
        count: 1,
        steps: None,
        reason: &entry.reason,
    })?;
    Ok(Some(outcome))
}

/// The fault that a line of the server's log tells of.
fn fault<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    line: &str,
) -> Option<(&'a Entry, Known)> {
    let tells = |entry: &&Entry| {
        entry
            .logged
            .as_ref()
            .is_some_and(|text| line.contains(text))
    };
    let entry = entries.into_iter().find(tells)?;
    let (_, outcome) = OUTCOMES.iter().find(|(code, _)| *code == entry.code)?;
    Some((entry, *outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASH: &str = "ERROR Task creation failed - server error namespace=a task_name=b error=duplicate key \
        value violates unique constraint \"named_steps_name_unique\"";

    fn listed() -> Accepted {
        let root = env!("CARGO_MANIFEST_DIR");
        Accepted::load(&std::path::Path::new(root).join("..")).unwrap()
    }

    #[test]
    fn a_line_of_the_log_tells_of_a_fault_that_is_listed_and_of_no_other() {
        let accepted = listed();

        let (entry, outcome) = fault(&accepted.entries, CLASH).unwrap();

        assert_eq!((entry.code.as_str(), outcome), ("CV501", Known::Refused));
        assert!(fault(&accepted.entries, "deadlock detected").is_none());
        assert!(fault(&[], CLASH).is_none());
    }

    #[test]
    fn every_listed_line_belongs_to_a_code_of_which_it_is_known_what_became_of_the_create() {
        let accepted = listed();
        let logged = accepted
            .entries
            .iter()
            .filter_map(|entry| entry.logged.as_deref());
        let logged: Vec<&str> = logged.collect();

        assert_eq!(logged.len(), OUTCOMES.len());
        assert!(
            logged
                .iter()
                .all(|line| fault(&accepted.entries, line).is_some())
        );
    }
}
