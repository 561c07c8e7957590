use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The server is of another major version than the cluster is described for.
pub struct ServerVersion;

impl Check for ServerVersion {
    const CODE: Code = Code::new(302);
    const NAME: &'static str = "server-version";
    const TITLE: &'static str = "PostgreSQL has the major version that the cluster asks for";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let expected = i64::from(evidence.topology.seen()?.database.major);
        let number = evidence.database.seen()?.version_num;
        let (major, minor) = (i64::from(number / 10_000), number % 10_000);
        if major == expected {
            return Ok(Vec::new());
        }
        Ok(vec![
            Finding::about("PostgreSQL")
                .observed(format!(
                    "the server says that it is {major}.{minor}, not {expected}"
                ))
                .evidence("server_version_num", number)
                .evidence("expected major", expected)
                .hint("stop what serves that port, then run `./dev down` and `./dev up --wait`"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn an_older_and_a_newer_major_version_are_findings() {
        for number in [170_002, 190_000] {
            let mut evidence = Evidence::healthy();
            evidence.database.seen_mut().version_num = number;

            fires::<ServerVersion>(&evidence);
        }
    }

    #[test]
    fn another_minor_version_is_none() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().version_num = 180_001;

        silent::<ServerVersion>(&evidence);
    }

    #[test]
    fn without_the_database_the_version_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<ServerVersion>(&evidence);
    }
}
