use crate::check::{Check, Code, Finding};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};

/// The engine's tables are not found where its SQL looks for them.
///
/// Its SQL functions name tables without a schema: they rely on a role called like the
/// schema, or on a search path that has the schema before all others.
pub struct RoleOrSearchPath;

const SCHEMA: &str = "tasker";

impl Check for RoleOrSearchPath {
    const CODE: Code = Code::new(305);
    const NAME: &'static str = "role-or-search-path";
    const TITLE: &'static str = "the cluster's role finds the engine's tables without a schema";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let expected = &evidence.topology.seen()?.database.role;
        let database = evidence.database.seen()?;
        // Without migrations there is no schema to find, which has a code of its own.
        let migrated = database
            .migrations
            .iter()
            .any(|migration| migration.success);
        let found = database
            .schemas
            .first()
            .is_some_and(|schema| schema == SCHEMA);
        if database.role == *expected && (found || !migrated) {
            return Ok(Vec::new());
        }
        Ok(vec![
            Finding::about(format!("role {}", database.role))
                .observed(if found {
                    format!(
                        "the server knows the session as {}, not {expected}",
                        database.role
                    )
                } else {
                    format!("its search path does not begin with the schema {SCHEMA}")
                })
                .evidence("schemas searched", database.schemas.join(", "))
                .evidence("expected role", expected)
                .hint(hint::sql(
                    evidence,
                    Database::Tasks,
                    &format!("ALTER ROLE {expected} RESET search_path"),
                )),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    #[test]
    fn another_schema_first_and_another_role_are_findings() {
        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().schemas = vec!["public".into(), "tasker".into()];
        fires::<RoleOrSearchPath>(&evidence);

        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().role = "postgres".into();
        fires::<RoleOrSearchPath>(&evidence);
    }

    #[test]
    fn before_the_migrations_there_is_no_schema_to_find() {
        let mut evidence = Evidence::healthy();
        let database = evidence.database.seen_mut();
        database.migrations.clear();
        database.schemas = vec!["public".into()];

        silent::<RoleOrSearchPath>(&evidence);
    }

    #[test]
    fn without_the_database_the_role_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.database = Observed::not_looked("the database");

        unknown::<RoleOrSearchPath>(&evidence);
    }
}
