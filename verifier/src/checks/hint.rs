//! The next step that a finding names, where it differs between the cluster of this project and one that is
//! known by its addresses alone.

use crate::evidence::Evidence;

/// Which of a split cluster's databases a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Tasks,
    Queues,
}

/// To read what an instance wrote.
pub fn logs(evidence: &Evidence, id: &str) -> String {
    if !is_foreign(evidence) {
        return format!("run `./dev logs {id}`");
    }
    let topology = evidence.topology.ok();
    match topology.and_then(|topology| topology.instance(id)) {
        Some((_, instance)) => format!("read the log of what answers at {}", instance.base_url()),
        None => format!("read the log of {id}"),
    }
}

/// To have the database do something.
pub fn sql(evidence: &Evidence, database: Database, statement: &str) -> String {
    if is_foreign(evidence) {
        return format!("run `{statement}` in its database");
    }
    // A quoted name is in double quotes.
    let quote = if statement.contains('"') { '\'' } else { '"' };
    let queues = match database {
        Database::Tasks => "",
        Database::Queues => " --queues",
    };
    format!("run `cluster-verify psql{queues} -c {quote}{statement}{quote}`")
}

/// To take the messages of steps that are over out of the queues.
pub fn dead_messages(evidence: &Evidence) -> String {
    match is_foreign(evidence) {
        true => "run `pgmq.archive` for the messages whose step is over".into(),
        false => "run `cluster-verify prune --dead-messages`".into(),
    }
}

/// Whether it was given by its addresses: then nobody knows of a checkout, files or a supervisor.
pub fn is_foreign(evidence: &Evidence) -> bool {
    let topology = evidence.topology.ok();
    topology.is_some_and(|topology| topology.is_foreign())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::given_by_addresses;

    #[test]
    fn in_the_project_its_own_commands_are_named() {
        let own = Evidence::healthy();

        assert_eq!(
            logs(&own, "worker-rust-1"),
            "run `./dev logs worker-rust-1`"
        );
        assert_eq!(
            sql(&own, Database::Tasks, "SELECT 1"),
            "run `cluster-verify psql -c \"SELECT 1\"`"
        );
        assert_eq!(
            sql(&own, Database::Queues, "SELECT * FROM pgmq.\"q_a\""),
            "run `cluster-verify psql --queues -c 'SELECT * FROM pgmq.\"q_a\"'`"
        );
    }

    #[test]
    fn no_check_names_a_client_that_does_not_know_the_address() {
        let checks = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
        for family in std::fs::read_dir(checks).unwrap() {
            let folder = family.unwrap().path();
            for file in std::fs::read_dir(&folder).into_iter().flatten() {
                let file = file.unwrap().path();
                let source = std::fs::read_to_string(&file).unwrap();
                assert!(!source.contains("`psql "), "{}", file.display());
            }
        }
    }

    #[test]
    fn of_another_cluster_no_command_of_the_project_is_named() {
        let foreign = given_by_addresses(Evidence::healthy());

        assert_eq!(
            logs(&foreign, "orchestration-1"),
            "read the log of what answers at http://orchestration-1.example:8080"
        );
        let hint = sql(&foreign, Database::Queues, "SELECT 1");
        assert_eq!(hint, "run `SELECT 1` in its database");
    }
}
