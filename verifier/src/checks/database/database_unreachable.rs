use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Observed, Unseen};

/// The cluster's database does not let the verifier in.
///
/// The one check for which a failed look is the finding; every other check of
/// the database is then unknown, since it judges nothing.
pub struct DatabaseUnreachable;

impl Check for DatabaseUnreachable {
    const CODE: Code = Code::new(301);
    const NAME: &'static str = "database-unreachable";
    const TITLE: &'static str = "the database accepts connections";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let unseen = match &evidence.database {
            Observed::Seen(_) => return Ok(Vec::new()),
            Observed::Unseen(unseen) if !unseen.was_looked_for() => return Err(unseen.clone()),
            Observed::Unseen(unseen) => unseen,
        };
        let database = evidence.topology.ok().map(|topology| &topology.database);
        let subject = database.map_or("database".into(), |database| {
            format!("database {}", database.name)
        });
        let mut finding = Finding::about(subject)
            .observed(format!("the verifier could not look at it: {}", unseen.why))
            .hint("run `./dev status`, then `./dev logs postgres`");
        if evidence
            .topology
            .ok()
            .is_some_and(|topology| topology.is_foreign())
        {
            return Ok(vec![
                finding.hint("correct `database` in the cluster's description"),
            ]);
        }
        if let Some(database) = database {
            finding = finding
                .evidence("address", format!("127.0.0.1:{}", database.port))
                .evidence("role", &database.role);
        }
        Ok(vec![finding])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    #[test]
    fn a_refused_connection_is_a_finding_that_names_the_address() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::unseen("the database", "connection refused");

        let findings = fires::<DatabaseUnreachable>(&evidence);

        assert_eq!(findings[0].subject, "database tasker");
        assert_eq!(findings[0].evidence["address"], "127.0.0.1:15432");
    }

    #[test]
    fn a_database_that_answered_is_silent_even_if_it_is_empty() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().queues.clear();

        silent::<DatabaseUnreachable>(&evidence);
    }

    #[test]
    fn a_run_that_did_not_look_knows_nothing() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<DatabaseUnreachable>(&evidence);
    }
}
