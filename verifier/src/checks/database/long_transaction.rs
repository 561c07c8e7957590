use crate::check::{Check, Code, Finding, Severity};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Session, Unseen};

/// A session holds a transaction open and does nothing, or waits for another's lock.
///
/// Rows that it has touched stay locked and dead rows stay on disk; the queues,
/// which live from updates, grow slow first.
pub struct LongTransaction;

const IDLE_SECONDS: i64 = 60;
const BLOCKED_SECONDS: i64 = 10;

impl Check for LongTransaction {
    const CODE: Code = Code::new(318);
    const NAME: &'static str = "long-transaction";
    const TITLE: &'static str =
        "no session idles in a transaction, is blocked or ran into a deadlock";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let database = evidence.database.seen()?;
        let mut findings: Vec<Finding> = {
            let sessions = database.sessions.iter();
            sessions
                .filter_map(|session| finding(evidence, session))
                .collect()
        };
        // A count as old as the database says nothing of the cluster that runs now.
        if let (1.., Some(since)) = (database.deadlocks, database.counted_since) {
            findings.push(
                Finding::about("deadlocks")
                    .observed(format!(
                        "PostgreSQL has counted {} since {since}",
                        database.deadlocks
                    ))
                    .hint(format!(
                        "{} to see who met whom",
                        hint::logs(evidence, "postgres")
                    ))
                    .times(u64::try_from(database.deadlocks).unwrap_or(1)),
            );
        }
        Ok(findings)
    }
}

fn finding(evidence: &Evidence, session: &Session) -> Option<Finding> {
    let seconds = session.state_seconds?;
    let idle = session
        .state
        .as_deref()
        .is_some_and(|state| state.starts_with("idle in transaction"));
    let observed = if idle && seconds > IDLE_SECONDS {
        format!("idle in a transaction for {seconds} s")
    } else if session.waiting_for_lock && seconds > BLOCKED_SECONDS {
        format!("blocked by another's lock for {seconds} s")
    } else {
        return None;
    };
    let name = if session.application.is_empty() {
        "no name"
    } else {
        &session.application
    };
    Some(
        Finding::about(format!("session {} of {name}", session.pid))
            .observed(format!("pg_stat_activity has it {observed}"))
            .hint(hint::sql(
                evidence,
                Database::Tasks,
                &format!("SELECT pg_terminate_backend({})", session.pid),
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_session(state: &str, seconds: i64, waiting: bool) -> Evidence {
        let mut evidence = Evidence::healthy();
        let session = &mut evidence.database.seen_mut().sessions[0];
        session.state = Some(state.into());
        session.state_seconds = Some(seconds);
        session.waiting_for_lock = waiting;
        evidence
    }

    #[test]
    fn an_idle_and_a_blocked_session_and_a_deadlock_are_findings() {
        fires::<LongTransaction>(&with_session("idle in transaction", 61, false));
        fires::<LongTransaction>(&with_session("idle in transaction (aborted)", 61, false));
        fires::<LongTransaction>(&with_session("active", 11, true));
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().deadlocks = 1;
        fires::<LongTransaction>(&evidence);
    }

    #[test]
    fn a_count_of_deadlocks_over_all_starts_is_none() {
        let mut evidence = Evidence::healthy();
        let database = evidence.database.seen_mut();
        (database.deadlocks, database.counted_since) = (3, None);

        silent::<LongTransaction>(&evidence);
    }

    #[test]
    fn a_long_query_and_a_long_idle_session_are_none() {
        silent::<LongTransaction>(&with_session("active", 500, false));
        silent::<LongTransaction>(&with_session("idle", 5000, false));
        silent::<LongTransaction>(&with_session("idle in transaction", 60, false));
    }

    #[test]
    fn without_the_database_the_sessions_are_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<LongTransaction>(&evidence);
    }
}
