use crate::check::{Check, Code, Finding};
use crate::evidence::{Canary, Evidence, Unseen};

/// A completed canary did not leave a domain event that its template promises, or left it twice.
///
/// Events are published after the step is done and nobody waits for them: a lost
/// one leaves no trace, and a handler that ran twice publishes twice.
pub struct DomainEventMissingOrRepeated;

impl Check for DomainEventMissingOrRepeated {
    const CODE: Code = Code::new(514);
    const NAME: &'static str = "domain-event-missing-or-repeated";
    const TITLE: &'static str =
        "every completed canary left each durable event of its template once";

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let complete = evidence
            .canaries
            .seen()?
            .sent()?
            .iter()
            // Of one that moved when it was last looked at, the events were not waited for.
            .filter(|canary| canary.at_rest() && canary.is_complete());
        let mut findings = Vec::new();
        for canary in complete {
            let promised = evidence
                .configuration
                .durable_events(&canary.namespace, &canary.template);
            if promised.is_empty() {
                continue;
            }
            let events = canary.events.as_ref().ok_or_else(|| {
                Unseen::new("the canaries' domain events", "this run did not look")
            })?;
            for name in promised {
                let count = events.get(name).copied().unwrap_or(0);
                if count != 1 {
                    findings.push(finding(canary, name, count));
                }
            }
        }
        Ok(findings)
    }
}

fn finding(canary: &Canary, name: &str, count: u64) -> Finding {
    let task = canary.create.task_uuid().unwrap_or_default();
    // Each has a cause of its own, of which one may be known.
    let (kind, times) = match count {
        0 => ("missing", "never".to_owned()),
        more => ("repeated", format!("{more} times")),
    };
    let finding = Finding::about(format!("{canary}, event {kind}"))
        .observed(format!("its namespace's queue has {name} {times}"))
        .evidence("queue", format!("{}_domain_events", canary.namespace))
        .evidence("correlation id", &canary.correlation_id)
        .evidence("task", task);
    if count == 0 {
        let workers = canary.steps.iter().flat_map(|step| &step.workers);
        let workers: Vec<&str> = workers.map(String::as_str).collect();
        finding
            .evidence("steps done by", workers.join(", "))
            .hint("run `cluster-verify metrics` and look at the workers' count of published events")
    } else {
        finding.hint(format!(
            "run `cluster-verify task {task}` to see who ran the step twice"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{accepted_by_the_project, fires, silent, unknown};

    /// The template promises `letter.sent`, and the first canary left it so often.
    fn left(times: Option<u64>) -> Evidence {
        let mut evidence = Evidence::healthy();
        for root in evidence.configuration.template_roots.values_mut() {
            root.templates[0].steps[1].durable_events = vec!["letter.sent".into()];
        }
        let tasks = &mut evidence.canaries.seen_mut().tasks;
        for canary in tasks.iter_mut() {
            canary.events = Some([("letter.sent".to_owned(), 1)].into());
        }
        tasks[0].events = times.map(|times| [("letter.sent".to_owned(), times)].into());
        evidence
    }

    #[test]
    fn an_event_that_is_missing_or_there_twice_is_a_finding() {
        let findings = fires::<DomainEventMissingOrRepeated>(&left(Some(0)));
        assert!(findings[0].observed.contains("letter.sent never"));

        let findings = fires::<DomainEventMissingOrRepeated>(&left(Some(2)));
        assert!(findings[0].observed.contains("letter.sent 2 times"));
    }

    #[test]
    fn only_a_repeated_event_is_known_of_the_engine() {
        let known = |times| {
            let found = accepted_by_the_project::<DomainEventMissingOrRepeated>(&left(Some(times)));
            found[0].known.is_some()
        };

        assert!(known(2));
        assert!(!known(0));
    }

    #[test]
    fn an_event_that_is_there_once_and_templates_without_events_are_none() {
        silent::<DomainEventMissingOrRepeated>(&left(Some(1)));
        let mut evidence = left(None);
        for root in evidence.configuration.template_roots.values_mut() {
            root.templates[0].steps[1].durable_events.clear();
        }
        silent::<DomainEventMissingOrRepeated>(&evidence);
    }

    #[test]
    fn a_canary_that_did_not_complete_promises_nothing() {
        let mut evidence = left(Some(0));
        for reading in &mut evidence.canaries.seen_mut().tasks[0].last_readings {
            reading.state = Some("error".into());
        }

        silent::<DomainEventMissingOrRepeated>(&evidence);
    }

    #[test]
    fn a_canary_that_completed_after_the_look_at_its_events_is_not_judged() {
        let mut evidence = left(None);
        evidence.canaries.seen_mut().tasks[0].finished_ms = None;

        silent::<DomainEventMissingOrRepeated>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_queue_nothing_is_known() {
        unknown::<DomainEventMissingOrRepeated>(&left(None));
    }
}
