use std::collections::BTreeMap;

use crate::check::{Check, Code, Finding, Severity};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};

/// A session in the cluster's database carries no instance's name.
///
/// `PGAPPNAME` gives each instance's sessions its name. What has none cannot be
/// held responsible for its locks, its polls or its share of the connections.
pub struct ConnectionUnattributed;

impl Check for ConnectionUnattributed {
    const CODE: Code = Code::new(319);
    const NAME: &'static str = "connection-unattributed";
    const TITLE: &'static str = "every session in the database carries the name of an instance";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let mut strangers: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for session in &evidence.database.seen()?.sessions {
            if topology.instance(&session.application).is_none() {
                strangers
                    .entry(&session.application)
                    .or_default()
                    .push(session.pid);
            }
        }
        let findings = strangers.into_iter().map(|(application, pids)| {
            let name = if application.is_empty() {
                "no name"
            } else {
                application
            };
            let shown: Vec<String> = pids.iter().take(5).map(i32::to_string).collect();
            Finding::about(format!("sessions of {name}"))
                .observed(format!(
                    "pg_stat_activity shows {}, and no instance is called so",
                    pids.len()
                ))
                .evidence("backend pids", shown.join(" "))
                .hint(format!(
                    "close them, or {} to see whose they are",
                    hint::sql(
                        evidence,
                        Database::Tasks,
                        &format!("SELECT * FROM pg_stat_activity WHERE pid = {}", pids[0])
                    )
                ))
        });
        Ok(findings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Observed, Session};

    fn session(application: &str) -> Session {
        let mut session = Evidence::healthy().database.seen_mut().sessions[0].clone();
        session.application = application.into();
        session
    }

    #[test]
    fn sessions_of_a_stranger_are_one_finding_for_each_name() {
        let mut evidence = Evidence::healthy();
        let sessions = &mut evidence.database.seen_mut().sessions;
        sessions.extend([session(""), session("psql"), session("psql")]);

        let findings = fires::<ConnectionUnattributed>(&evidence);

        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].subject, "sessions of no name");
        assert!(findings[1].observed.contains("shows 2"));
    }

    #[test]
    fn many_sessions_of_one_instance_are_none() {
        let mut evidence = Evidence::healthy();
        let sessions = &mut evidence.database.seen_mut().sessions;
        sessions.extend([session("worker-rust-1"), session("worker-rust-1")]);

        silent::<ConnectionUnattributed>(&evidence);
    }

    #[test]
    fn without_the_database_the_sessions_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<ConnectionUnattributed>(&evidence);
    }
}
