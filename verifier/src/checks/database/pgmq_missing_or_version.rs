use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The message bus is not installed in the database, or is too old for the engine.
pub struct PgmqMissing;

impl Check for PgmqMissing {
    const CODE: Code = Code::new(303);
    const NAME: &'static str = "pgmq-missing-or-version";
    const TITLE: &'static str = "the extension pgmq is installed and recent enough";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let oldest = &evidence.topology.seen()?.database.pgmq;
        let observed = match &evidence.database.seen()?.pgmq {
            None => "the database's catalogue does not have it".to_owned(),
            Some(version) if numbers(version) < numbers(oldest) => {
                format!("the database's catalogue has {version}")
            }
            Some(_) => return Ok(Vec::new()),
        };
        Ok(vec![
            Finding::about("extension pgmq")
                .observed(observed)
                .evidence("oldest that will do", oldest)
                .hint("run `./dev shell -- cluster-database prepare`: it installs or updates it"),
        ])
    }
}

/// `1.11.1` is later than `1.8`; what is no number counts as 0.
fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn with_version(version: Option<&str>) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().pgmq = version.map(str::to_owned);
        evidence
    }

    #[test]
    fn an_absent_or_older_extension_is_a_finding() {
        fires::<PgmqMissing>(&with_version(None));
        fires::<PgmqMissing>(&with_version(Some("1.7.9")));
    }

    #[test]
    fn versions_compare_as_numbers_and_the_oldest_one_will_do() {
        silent::<PgmqMissing>(&with_version(Some("1.10.0")));
        silent::<PgmqMissing>(&with_version(Some("1.8")));
    }

    #[test]
    fn without_the_database_the_extension_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<PgmqMissing>(&evidence);
    }
}
