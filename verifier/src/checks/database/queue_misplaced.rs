use crate::check::{Check, Code, Finding};
use crate::checks::hint::{self, Database};
use crate::evidence::{Evidence, Unseen};

/// A split cluster has queues in the database of its tasks.
///
/// Whoever made one there, an instance without `PGMQ_DATABASE_URL` or a script, may send to it too,
/// and nobody takes from it.
pub struct QueueMisplaced;

/// Names in a finding; a whole set of queues is no easier to read.
const SHOWN: usize = 5;

impl Check for QueueMisplaced {
    const CODE: Code = Code::new(321);
    const NAME: &'static str = "queue-misplaced";
    const TITLE: &'static str = "a split cluster has queues in the queues' database only";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let topology = evidence.topology.seen()?;
        let Some(queues) = &topology.database.queues else {
            return Ok(Vec::new());
        };
        let misplaced = &evidence.database.seen()?.misplaced_queues;
        if misplaced.is_empty() {
            return Ok(Vec::new());
        }
        let tasks = &topology.database.name;
        let mut shown = misplaced[..misplaced.len().min(SHOWN)].join(", ");
        if misplaced.len() > SHOWN {
            shown.push_str(", …");
        }
        Ok(vec![
            Finding::about(format!("database {tasks}"))
                .observed(format!(
                    "PostgreSQL has {} queues in it, and those of this cluster are in {queues}",
                    misplaced.len()
                ))
                .evidence("queues", shown)
                .hint(format!(
                    "find who has no PGMQ_DATABASE_URL with `cluster-verify check --only 114`, then {} \
                     for each",
                    hint::sql(
                        evidence,
                        Database::Tasks,
                        &format!("SELECT pgmq.drop_queue('{}')", misplaced[0])
                    )
                )),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn split() -> Evidence {
        let mut evidence = Evidence::healthy();
        let database = &mut evidence.topology.seen_mut().database;
        (database.name, database.queues) = ("tasks".into(), Some("queues".into()));
        evidence
    }

    #[test]
    fn queues_beside_the_tasks_of_a_split_cluster_are_counted_and_named() {
        let mut evidence = split();
        evidence.database.seen_mut().misplaced_queues =
            (1..=7).map(|n| format!("worker_{n}_queue")).collect();

        let findings = fires::<QueueMisplaced>(&evidence);

        assert_eq!(findings[0].subject, "database tasks");
        assert_eq!(
            findings[0].evidence["queues"],
            "worker_1_queue, worker_2_queue, worker_3_queue, worker_4_queue, worker_5_queue, …"
        );
    }

    #[test]
    fn a_split_cluster_without_any_and_one_that_is_not_split_are_silent() {
        silent::<QueueMisplaced>(&split());

        let mut evidence = Evidence::healthy();
        evidence.database.seen_mut().misplaced_queues = vec!["worker_mail_queue".into()];
        silent::<QueueMisplaced>(&evidence);
    }

    #[test]
    fn without_the_database_the_answer_is_unknown() {
        let mut evidence = split();
        evidence.database = Observed::not_looked("the database");

        unknown::<QueueMisplaced>(&evidence);
    }
}
