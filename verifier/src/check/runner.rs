//! Runs the chosen checks over the evidence.

use chrono::NaiveDate;

use super::by_address::judgeable;
use super::consequence;
use super::folding::fold;
use super::registry::{Entry, REGISTRY};
use crate::evidence::Evidence;
use crate::known::Known;
use crate::report::{CheckResult, Outcome};

/// Which checks to run; empty lists choose nothing away.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Codes, names or family digits.
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

impl Filter {
    pub fn admits(&self, entry: &Entry) -> bool {
        let named = |list: &[String]| list.iter().any(|wanted| matches(entry, wanted));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Words that name no check and no family.
    pub fn unknown_words(&self) -> Vec<&str> {
        self.only
            .iter()
            .chain(&self.skip)
            .filter(|word| !REGISTRY.iter().any(|entry| matches(entry, word)))
            .map(String::as_str)
            .collect()
    }
}

fn matches(entry: &Entry, wanted: &str) -> bool {
    let code = entry.code.to_string();
    let upper = wanted.to_uppercase();
    code == upper
        || code.trim_start_matches("CV") == upper
        || entry.name == wanted
        || wanted == entry.code.family().digit().to_string()
        || wanted == format!("{}xx", entry.code.family().digit())
}

/// The result of every admitted check, in the order of the codes.
pub fn judge(
    evidence: &Evidence,
    filter: &Filter,
    known: &Known,
    today: NaiveDate,
) -> Vec<CheckResult> {
    let of = |chosen: &dyn Fn(&Entry) -> bool| {
        let entries = REGISTRY.iter().filter(|entry| chosen(entry));
        let mut results: Vec<CheckResult> = entries.map(|entry| result(evidence, entry)).collect();
        known.mark(evidence, &mut results, today);
        results
    };
    let mut results = of(&|entry| filter.admits(entry));
    if consequence::any(&results) {
        let not_asked_for = of(&|entry| {
            let code = entry.code.to_string();
            consequence::CAUSES.contains(&code.as_str()) && !filter.admits(entry)
        });
        consequence::mark(&mut results, &not_asked_for);
    }
    fold(evidence, &mut results);
    results
}

fn result(evidence: &Evidence, entry: &Entry) -> CheckResult {
    let may = evidence
        .topology
        .ok()
        .map_or(Ok(()), |topology| judgeable(entry, topology));
    let outcome = match may.and_then(|()| (entry.judge)(evidence)) {
        Ok(findings) if findings.is_empty() => Outcome::Passed,
        Ok(findings) => Outcome::Found { findings },
        Err(unseen) if !unseen.was_looked_for() => Outcome::LeftOut,
        Err(unseen) => Outcome::Unknown { unseen },
    };
    CheckResult::new(entry, outcome)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::evidence::healthy::open_task;
    use crate::history::{StepState, TaskState};

    /// A canary whose steps are all complete, and which nobody looks at again.
    fn forgotten() -> Evidence {
        let mut evidence = Evidence::healthy();
        let canary = &mut evidence.canaries.seen_mut().tasks[0];
        canary.finished_ms = None;
        for reading in &mut canary.last_readings {
            reading.state = Some("waiting_for_dependencies".into());
        }
        let since = evidence.taken_at - TimeDelta::seconds(62);
        let mut task = open_task(StepState::Complete, since);
        task.task = evidence.canaries.seen_mut().tasks[0]
            .create
            .task_uuid()
            .and_then(|task| task.parse().ok())
            .unwrap();
        task.in_flight.clear();
        task.state = Some(TaskState::WaitingForDependencies);
        task.steps_complete = task.steps;
        evidence.history.seen_mut().open = vec![task];
        evidence
    }

    fn unknown_to_the_project(evidence: &Evidence, only: &[&str]) -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let known = Known::load(&root).unwrap();
        let filter = Filter {
            only: only.iter().map(|&code| code.to_owned()).collect(),
            skip: Vec::new(),
        };
        let results = judge(evidence, &filter, &known, evidence.taken_at.date_naive());
        let counting =
            |result: &&CheckResult| result.findings().iter().any(|it| it.known.is_none());
        let counting = results.iter().filter(counting);
        counting.map(|result| result.code.clone()).collect()
    }

    #[test]
    fn a_canary_that_meets_a_known_race_is_as_known_as_the_race() {
        assert_eq!(unknown_to_the_project(&forgotten(), &[]), [""; 0]);
        assert_eq!(unknown_to_the_project(&forgotten(), &["502"]), [""; 0]);
    }

    #[test]
    fn a_canary_that_met_none_counts() {
        let mut evidence = forgotten();
        evidence.history.seen_mut().open.clear();

        assert_eq!(unknown_to_the_project(&evidence, &[]), ["CV502"]);
    }
}
