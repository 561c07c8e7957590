use crate::check::{Check, Code, Finding, Severity};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};

/// The server's space for notifications fills up: a listener does not read.
///
/// Once it is full every transaction that notifies fails, and with it every
/// message that is sent.
pub struct NotifyQueueFilling;

const LIMIT: f64 = 0.5;
const OLDEST_FIRST: &str = "SELECT pid, application_name, xact_start FROM pg_stat_activity \
                            WHERE xact_start IS NOT NULL ORDER BY 3";

impl Check for NotifyQueueFilling {
    const CODE: Code = Code::new(320);
    const NAME: &'static str = "notify-queue-filling";
    const TITLE: &'static str = "the space for notifications is at most half full";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let usage = evidence.database.seen()?.notify_usage;
        if usage <= LIMIT {
            return Ok(Vec::new());
        }
        Ok(vec![
            Finding::about("notifications")
                .observed(format!(
                    "PostgreSQL has {:.0} % of their space in use",
                    usage * 100.0
                ))
                .hint(format!(
                    "{} and end the oldest",
                    hint::sql(evidence, Database::Tasks, OLDEST_FIRST)
                )),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn used(part: f64) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().notify_usage = part;
        evidence
    }

    #[test]
    fn more_than_half_of_the_space_is_a_finding() {
        let findings = fires::<NotifyQueueFilling>(&used(0.75));

        assert!(findings[0].observed.contains("75 %"));
    }

    #[test]
    fn half_of_it_is_none() {
        silent::<NotifyQueueFilling>(&used(0.5));
    }

    #[test]
    fn without_the_database_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<NotifyQueueFilling>(&evidence);
    }
}
