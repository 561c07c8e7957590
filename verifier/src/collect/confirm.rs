//! Before anybody is said not to take from a queue: tasks for the namespaces in which a worker did not show by itself.
//!
//! A visit to a queue that always holds messages, such as those of steps that are over, is too short to be seen. Whoever
//! runs a step of the namespace, or stores a result, takes from its queue all the same.

use std::collections::BTreeSet;

use super::canary::Sender;
use super::due::{Errand, all};
use super::postgres::{self, Expected};
use super::progress::few;
use super::witnessed::Witnessed;
use crate::evidence::{Canary, Observed, Subscriptions, Unseen};
use crate::topology::{Workload, Workloads};

/// Sends tasks until every expected worker has worked for its namespaces, and adds them and the work to what was seen.
///
/// # Errors
/// The query that failed.
pub async fn confirm(
    sender: Sender<'_>,
    workloads: &Workloads,
    servers: &[&str],
    expected: &Expected,
    witnessed: &Witnessed<'_>,
    tasks: &mut Vec<Canary>,
    seen: &mut Subscriptions,
) -> Result<(), Unseen> {
    let line = sender.progress.beside();
    for round in 1..=Subscriptions::ROUNDS {
        if expected.in_question(seen).is_empty() {
            break;
        }
        postgres::add_work(sender.pool, expected, seen).await?;
        witnessed.add(seen);
        let missing = expected.in_question(seen);
        for namespace in left_waiting(&missing, tasks) {
            // No further round would tell more.
            seen.rounds.insert(namespace, Subscriptions::ROUNDS);
        }
        let asked = asked(&workloads.all, &missing, tasks);
        if asked.is_empty() {
            break;
        }
        line.say(format!(
            "subscriptions: round {round} of tasks for {}, where somebody did not show",
            few(asked.iter().map(|asked| &asked.namespace))
        ));
        let errands: Vec<Errand<'_>> = all(&asked, servers);
        let queues = &sender.pool.queues;
        let send = sender.send(&errands);
        match postgres::sample_beside(queues, expected, seen, send).await? {
            Observed::Seen(sent) => tasks.extend(sent.tasks),
            Observed::Unseen(unseen) => return Err(unseen),
        }
        for workload in asked {
            *seen.rounds.entry(workload.namespace.clone()).or_default() += 1;
        }
    }
    if !expected.in_question(seen).is_empty() {
        postgres::add_work(sender.pool, expected, seen).await?;
        witnessed.add(seen);
    }
    Ok(())
}

/// Whether tasks were sent for the namespace, and none came to rest.
fn all_wait(namespace: &str, sent: &[Canary]) -> bool {
    let mut sent = sent.iter().filter(|task| task.namespace == namespace);
    sent.clone().next().is_some() && sent.all(|task| !task.at_rest())
}

/// Namespaces in question of whose tasks none came to rest, because nobody takes their steps from the queue.
fn left_waiting(missing: &[(&str, &str)], sent: &[Canary]) -> BTreeSet<String> {
    let in_queue = |namespace: &str| {
        let of_namespace = sent.iter().filter(|task| task.namespace == namespace);
        let mut steps = of_namespace.flat_map(|task| &task.steps);
        steps.any(|step| step.message_waiting)
    };
    let namespaces = missing.iter().map(|(_, namespace)| *namespace);
    namespaces
        .filter(|namespace| all_wait(namespace, sent) && in_queue(namespace))
        .map(str::to_owned)
        .collect()
}

/// The smallest task that completes, by each namespace in question; none where all that was sent waits for somebody.
fn asked<'a>(
    workloads: &'a [Workload],
    missing: &[(&str, &str)],
    sent: &[Canary],
) -> Vec<&'a Workload> {
    let smallest = |namespace: &str| {
        let completes = |workload: &&Workload| {
            workload.namespace == namespace && workload.outcome == "complete"
        };
        let completes = || workloads.iter().filter(completes);
        let canary = completes().find(|workload| workload.canary);
        canary.or_else(|| completes().next())
    };
    let namespaces: BTreeSet<&str> = missing.iter().map(|(_, namespace)| *namespace).collect();
    let asked = namespaces
        .into_iter()
        .filter(|namespace| !all_wait(namespace, sent));
    asked.filter_map(smallest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{CanaryStep, CreateOutcome};

    fn workload(template: &str, canary: bool, outcome: &str) -> Workload {
        Workload {
            template: template.into(),
            canary,
            outcome: outcome.into(),
            ..Workload::example()
        }
    }

    fn sent(finished_ms: Option<u64>) -> Canary {
        let create = CreateOutcome::Created {
            task_uuid: uuid::Uuid::nil().to_string(),
        };
        Canary {
            finished_ms,
            ..Canary::new(
                "orchestration-1".into(),
                "mail".into(),
                "send".into(),
                create,
            )
        }
    }

    const MISSING: [(&str, &str); 2] = [("worker-rust-1", "mail"), ("worker-rust-2", "mail")];

    fn templates(workloads: &[Workload], sent: &[Canary]) -> Vec<String> {
        let asked = asked(workloads, &MISSING, sent);
        asked.iter().map(|asked| asked.template.clone()).collect()
    }

    #[test]
    fn a_namespace_is_asked_once_with_its_canary_or_else_with_what_completes() {
        let fails = workload("fails", false, "blocked_by_failures");
        let big = workload("big", false, "complete");
        let small = workload("small", true, "complete");

        assert_eq!(
            templates(&[fails.clone(), big.clone(), small], &[]),
            ["small"]
        );
        assert_eq!(templates(&[fails.clone(), big], &[]), ["big"]);
        assert!(templates(&[fails], &[]).is_empty());
    }

    #[test]
    fn a_namespace_in_which_nothing_came_to_rest_is_not_asked_again() {
        let all = [workload("small", true, "complete")];

        assert!(templates(&all, &[sent(None), sent(None)]).is_empty());
        assert_eq!(templates(&all, &[sent(None), sent(Some(90))]), ["small"]);
    }

    #[test]
    fn a_namespace_whose_tasks_all_wait_in_its_queue_was_given_work_that_nobody_took() {
        let mut waiting = sent(None);
        assert!(left_waiting(&MISSING, &[waiting.clone()]).is_empty());

        waiting.steps = vec![CanaryStep {
            step_uuid: "step".into(),
            name: "send".into(),
            state: "enqueued".into(),
            attempts: 0,
            workers: Vec::new(),
            message_waiting: true,
            result: None,
        }];

        assert_eq!(
            left_waiting(&MISSING, &[waiting.clone()]),
            ["mail".to_owned()].into()
        );
        assert!(left_waiting(&MISSING, &[waiting, sent(Some(90))]).is_empty());
    }
}
