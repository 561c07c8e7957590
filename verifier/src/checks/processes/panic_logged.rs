use chrono::{DateTime, Utc};

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, LogLine, Observed, Unseen};

/// An instance's log has a panic or a fatal error since the cluster came up.
///
/// A panic ends one task of the engine, not the process: what that task did is
/// done by nobody from then on, and health checks do not show it.
pub struct PanicLogged;

impl Check for PanicLogged {
    const CODE: Code = Code::new(211);
    const NAME: &'static str = "panic-logged";
    const TITLE: &'static str = "no instance has logged a panic or a fatal error";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let system = evidence.system.seen()?;
        let cluster_start = evidence.supervisor.ok().and_then(|it| it.started_at);
        let mut findings = Vec::new();
        for (_, instance) in topology.instances() {
            let id = &instance.id;
            let process = system.of_instance(id);
            let log = match evidence.logs.get(id) {
                Some(Observed::Seen(log)) => log,
                // One that never ran has no log.
                Some(Observed::Unseen(_)) if process.is_none() => continue,
                Some(Observed::Unseen(unseen)) => return Err(unseen.clone()),
                None => return Err(Unseen::new(format!("the log of {id}"), "nobody looked")),
            };
            let since = cluster_start.or_else(|| process.and_then(|it| it.started_at));
            let alarms: Vec<&LogLine> = log
                .alarms
                .iter()
                .filter(|line| counts(line, since))
                .collect();
            let Some(last) = alarms.last() else { continue };
            let at = last.at.map_or("unknown".to_owned(), |at| at.to_string());
            findings.push(
                Finding::about(id)
                    .observed(format!("its log says: {}", last.text))
                    .evidence("lines", alarms.len())
                    .evidence("last at", at)
                    .evidence("log", &log.path)
                    .hint(format!(
                        "run `./dev logs {id}`, then `process-compose process restart {id}`"
                    ))
                    .times(u64::try_from(alarms.len()).unwrap_or(u64::MAX)),
            );
        }
        Ok(findings)
    }
}

/// Logs are kept over restarts of the cluster: what was before is no news.
fn counts(line: &LogLine, since: Option<DateTime<Utc>>) -> bool {
    match (line.at, since) {
        (Some(at), Some(since)) => at >= since,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    fn with_alarm(seconds_ago: i64) -> Evidence {
        let mut evidence = Evidence::healthy();
        let at = Some(evidence.taken_at - TimeDelta::seconds(seconds_ago));
        let log = evidence.logs.get_mut("worker-rust-2").unwrap().seen_mut();
        log.alarms.push(LogLine {
            at,
            text: "panicked at src/x.rs:1:1".into(),
        });
        evidence
    }

    #[test]
    fn a_panic_since_the_cluster_came_up_is_found_even_if_the_process_is_a_newer_one() {
        let findings = fires::<PanicLogged>(&with_alarm(65));

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].subject, "worker-rust-2");
        assert!(findings[0].observed.contains("panicked at"));
    }

    #[test]
    fn a_line_without_a_time_counts() {
        let mut evidence = with_alarm(0);
        evidence
            .logs
            .get_mut("worker-rust-2")
            .unwrap()
            .seen_mut()
            .alarms[0]
            .at = None;

        fires::<PanicLogged>(&evidence);
    }

    #[test]
    fn a_panic_of_an_earlier_run_is_no_news() {
        silent::<PanicLogged>(&with_alarm(71));
    }

    #[test]
    fn an_instance_that_never_ran_has_no_log_and_one_that_runs_must_have_one() {
        let mut evidence = Evidence::healthy();
        let missing = Observed::unseen("the log of worker-rust-2", "no such file");
        evidence.logs.insert("worker-rust-2".into(), missing);
        unknown::<PanicLogged>(&evidence);

        evidence.system.seen_mut().processes.pop();
        silent::<PanicLogged>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_logs_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.logs.clear();

        unknown::<PanicLogged>(&evidence);
    }
}
