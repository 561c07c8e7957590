use std::collections::BTreeSet;

use crate::check::{Check, Code, Finding};
use crate::evidence::{Evidence, Unseen};

/// The schema is not the one that this version of the engine was built for.
///
/// No server runs migrations: a newer engine on an older schema fails one query at a time.
pub struct MigrationsMissing;

impl Check for MigrationsMissing {
    const CODE: Code = Code::new(304);
    const NAME: &'static str = "migrations-missing-or-ahead";
    const TITLE: &'static str = "the schema has exactly the engine's migrations";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let database = evidence.database.seen()?;
        let shipped: BTreeSet<i64> = topology.engine.migrations.iter().copied().collect();
        let with = |success| {
            let rows = database
                .migrations
                .iter()
                .filter(move |row| row.success == success);
            rows.map(|row| row.version).collect::<BTreeSet<i64>>()
        };
        let (applied, failed) = (with(true), with(false));
        let missing = shipped
            .iter()
            .filter(|version| !applied.contains(*version) && !failed.contains(*version));
        let ahead = applied.difference(&shipped);
        let about = |key: &str, versions: Vec<i64>, observed: &str, hint: &str| {
            (!versions.is_empty()).then(|| {
                let list: Vec<String> = versions.iter().map(i64::to_string).collect();
                Finding::about(format!("database {}", topology.database.name))
                    .observed(format!("{} {observed}", versions.len()))
                    .evidence(key, list.join(" "))
                    .evidence("engine", &topology.engine.version)
                    .hint(hint)
            })
        };
        let findings = [
            about(
                "missing",
                missing.copied().collect(),
                "of the engine's migrations have not been applied",
                "run `./dev shell -- cluster-database prepare`: it applies them",
            ),
            about(
                "failed",
                failed.into_iter().collect(),
                "migrations began and did not succeed",
                "read `./dev logs migrate`, drop the database and run `./dev up --wait`",
            ),
            about(
                "unknown to the engine",
                ahead.copied().collect(),
                "applied migrations are none of this engine's: a newer engine was here",
                "set `engine` in config/cluster.toml to the newer version, or drop the database",
            ),
        ];
        Ok(findings.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::{Migration, Observed};

    #[test]
    fn a_migration_that_was_not_applied_is_named() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().migrations.pop();

        let findings = fires::<MigrationsMissing>(&evidence);

        assert_eq!(findings[0].evidence["missing"], "2");
    }

    #[test]
    fn a_migration_that_failed_is_not_called_missing_too() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().migrations[1].success = false;

        let findings = fires::<MigrationsMissing>(&evidence);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].evidence["failed"], "2");
    }

    #[test]
    fn a_schema_ahead_of_the_engine_is_a_finding() {
        let mut evidence = Evidence::healthy();
        let ahead = Migration {
            version: 3,
            description: "later".into(),
            success: true,
        };
        evidence.database.seen_mut().migrations.push(ahead);

        let findings = fires::<MigrationsMissing>(&evidence);

        assert_eq!(findings[0].evidence["unknown to the engine"], "3");
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().migrations.reverse();

        silent::<MigrationsMissing>(&evidence);
    }

    #[test]
    fn without_the_database_the_schema_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<MigrationsMissing>(&evidence);
    }
}
