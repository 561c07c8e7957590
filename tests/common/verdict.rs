//! The verifier's judgement over the tasks of one test.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cluster_verify::check::{Filter, Finding, Severity, find, judge};
use cluster_verify::collect::progress::Progress;
use cluster_verify::collect::{endpoints, postgres};
use cluster_verify::commands::gather::{Depth, begin, gather};
use cluster_verify::evidence::{Evidence, HistoryView};
use cluster_verify::known::Known;
use cluster_verify::report::{CheckResult, Outcome as CheckOutcome};
use tasker_client::OrchestrationApiClient;
use uuid::Uuid;

use crate::look::{look, not_seen};
use crate::outcome::{self, Outcome};
use crate::sent::Sent;
use crate::{Environment, wait_until};

/// Codes that judge such tasks; the others speak of tasks that must complete.
const OF_FAILED: [&str; 4] = ["502", "503", "507", "516"];

/// The results of the checks over some tasks, with the findings marked that are known.
#[derive(Debug)]
pub struct Verdict {
    results: Vec<CheckResult>,
    /// What the checks looked at.
    pub evidence: Evidence,
}

impl Verdict {
    /// Judges tasks by the checks of consistency (5) and history (6).
    ///
    /// Not by those that need many tasks, or that try something of their own; a test for which
    /// they mean something [adds](Self::with) them.
    ///
    /// # Errors
    /// The database cannot be asked, or a file of the project does not parse.
    pub async fn of(sent: &[Sent], clients: &[OrchestrationApiClient]) -> Result<Self> {
        let environment = Environment::get();
        let (evidence, of_failed) = look(environment, sent, clients).await?;
        let filter = Filter {
            only: vec!["5".to_owned(), "6".to_owned()],
            skip: ["506", "509", "510", "511", "515"]
                .map(str::to_owned)
                .into(),
        };
        let mut results = judged(environment, &evidence, &filter)?;
        if let Some(of_failed) = of_failed {
            let only = OF_FAILED.map(str::to_owned).into();
            let filter = Filter {
                only,
                ..Filter::default()
            };
            results.extend(judged(environment, &of_failed, &filter)?);
        }
        Ok(Self { results, evidence })
    }

    /// Judges the running cluster by the checks of configuration, processes, queues and health (1 to 4).
    ///
    /// # Errors
    /// A file of the project does not parse.
    pub async fn of_cluster() -> Result<Self> {
        let environment = Environment::get();
        let mut evidence = begin(&environment.project)?;
        let progress = Progress::hidden();
        gather(
            &environment.project,
            &mut evidence,
            Depth::Subscriptions,
            &progress,
        )
        .await?;
        let filter = Filter {
            only: ["1", "2", "3", "4"].map(str::to_owned).into(),
            // What the machine has, and what is judged over the whole of what ever ran here.
            skip: ["122", "123"].map(str::to_owned).into(),
        };
        Ok(Self {
            results: judged(environment, &evidence, &filter)?,
            evidence,
        })
    }

    /// Judges the running cluster by whether its instances still listen for messages (311), without waiting
    /// for a poll cycle.
    ///
    /// # Errors
    /// The database cannot be asked, or a file of the project does not parse.
    pub async fn of_listeners() -> Result<Self> {
        let environment = Environment::get();
        let mut evidence = begin(&environment.project)?;
        gather(
            &environment.project,
            &mut evidence,
            Depth::System,
            &Progress::hidden(),
        )
        .await?;
        evidence.endpoints = endpoints::collect(&environment.topology).await;
        let databases = postgres::connect(&environment.project, &environment.topology).await;
        let databases = databases.map_err(not_seen)?;
        evidence.database = postgres::catalogue(&databases).await.into();
        // Nothing of the polls is expected, so that it looks once.
        let expected = postgres::Expected::default();
        let listens = postgres::subscriptions(&databases, &expected, &Progress::hidden()).await;
        evidence.subscriptions = listens.into();
        databases.close().await;
        Self::of_evidence(evidence, &["311"])
    }

    /// Waits until every instance that should be told of messages listens: a worker is ready before it does.
    ///
    /// # Errors
    /// Those that do not listen in time.
    pub async fn wait_for_listeners(timeout: Duration) -> Result<()> {
        wait_until(timeout, async || Self::of_listeners().await?.accept()).await
    }

    /// The verdict of one check on evidence that a test gathered itself.
    ///
    /// # Errors
    /// A file of the project does not parse.
    pub fn of_evidence(evidence: Evidence, codes: &[&str]) -> Result<Self> {
        Self {
            results: Vec::new(),
            evidence,
        }
        .with(codes)
    }

    /// Evidence of the running cluster's description, with nothing looked at yet.
    ///
    /// # Errors
    /// A file of the project does not parse.
    pub fn blank_evidence() -> Result<Evidence> {
        Ok(begin(&Environment::get().project)?)
    }

    /// Judges the same evidence by more checks.
    ///
    /// # Errors
    /// `config/findings.toml` does not parse, or the evidence has nothing that one of the checks looks at.
    pub fn with(mut self, codes: &[&str]) -> Result<Self> {
        let filter = Filter {
            only: codes.iter().map(|code| (*code).to_owned()).collect(),
            skip: Vec::new(),
        };
        let more = judged(Environment::get(), &self.evidence, &filter)?;
        nothing_left_out(&more)?;
        self.results.extend(more);
        Ok(self)
    }

    /// Adds what a test found itself, which is known where the findings of this code's check would be.
    ///
    /// # Errors
    /// There is no such code, or `config/findings.toml` does not parse.
    pub fn also(mut self, code: &str, findings: Vec<Finding>) -> Result<Self> {
        let entry = find(code).with_context(|| format!("there is no {code}"))?;
        let mut found = [CheckResult::new(entry, CheckOutcome::Found { findings })];
        let today = self.evidence.taken_at.date_naive();
        known(Environment::get())?.mark(&self.evidence, &mut found, today);
        self.results.extend(found);
        Ok(self)
    }

    /// Accepts findings for a reason that the test knows, such as a fault that it injected.
    #[must_use]
    pub fn attribute(
        mut self,
        code: &str,
        reason: &str,
        is_meant: impl Fn(&Finding) -> bool,
    ) -> Self {
        for result in self.results.iter_mut().filter(|result| result.code == code) {
            let CheckOutcome::Found { findings } = &mut result.outcome else {
                continue;
            };
            for finding in findings.iter_mut().filter(|finding| is_meant(finding)) {
                finding.known = Some(reason.to_owned());
            }
        }
        self
    }

    /// Whether a known fault of the engine was at this task that can change how it ends: it was
    /// completed before its steps were, claims that nobody asked for used up its attempts, or nobody
    /// looked at it again after its last result.
    pub fn is_excused(&self, task: Uuid) -> bool {
        self.excuse(&task.to_string()).is_some()
    }

    fn excuse(&self, task: &str) -> Option<String> {
        ["CV625", "CV620", "CV618"]
            .iter()
            .flat_map(|code| self.findings(code))
            .find(|finding| finding.subject.contains(task))?
            .known
            .clone()
    }

    /// Findings of a code, known or not.
    pub fn findings(&self, code: &str) -> Vec<&Finding> {
        let of_code = self.results.iter().filter(|result| result.code == code);
        of_code.flat_map(CheckResult::findings).collect()
    }

    /// Passes when nothing was found, or only what is known; that is then recorded with its count.
    ///
    /// # Errors
    /// What was found and is not known (with `TASKER_TEST_STRICT=1` also what is), or could not be seen.
    pub fn accept(self) -> Result<()> {
        let strict = outcome::is_strict();
        let mut against = Vec::new();
        let mut known: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        let mut warned: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for result in &self.results {
            if let CheckOutcome::Unknown { unseen } = &result.outcome {
                against.push(format!(
                    "{} {}: unknown: {unseen}",
                    result.code, result.title
                ));
            }
            for finding in result.findings() {
                match &finding.known {
                    Some(reason) if !strict => {
                        *known.entry((&result.code, reason)).or_default() += finding.times;
                    }
                    _ if result.severity == Severity::Error => against.push(told(result, finding)),
                    _ => *warned.entry((&result.code, &result.title)).or_default() += finding.times,
                }
            }
        }
        let history = self.evidence.history.ok();
        let steps = history.map(HistoryView::chances);
        for ((code, reason), count) in known {
            outcome::say(format_args!("known: {code} {count} times: {reason}"));
            outcome::record(&Outcome::Known {
                code,
                count,
                steps,
                reason,
            })?;
        }
        for ((code, title), count) in warned {
            outcome::say(format_args!(
                "warning: {code} {count} times: not so: {title}"
            ));
            outcome::record(&Outcome::Warned { code, count, title })?;
        }
        if against.is_empty() {
            return Ok(());
        }
        bail!(
            "the verifier has findings that count:\n{}",
            against.join("\n")
        )
    }
}

/// A check that is asked for by its code judges, or there is no verdict: one that has nothing to look at
/// finds nothing.
fn nothing_left_out(results: &[CheckResult]) -> Result<()> {
    let left_out = results
        .iter()
        .find(|result| matches!(result.outcome, CheckOutcome::LeftOut));
    if let Some(result) = left_out {
        bail!(
            "{} {}: not judged, since nothing that it needs was looked at",
            result.code,
            result.title
        );
    }
    Ok(())
}

fn told(result: &CheckResult, finding: &Finding) -> String {
    let mut text = format!(
        "{} {}\n  {}: {}",
        result.code, result.title, finding.subject, finding.observed
    );
    for (key, value) in &finding.evidence {
        text.push_str(&format!("\n    {key}: {value}"));
    }
    if let Some(reason) = &finding.known {
        text.push_str(&format!("\n    known: {reason}"));
    }
    text.push_str(&format!("\n    -> {}", finding.hint));
    text
}

fn judged(
    environment: &Environment,
    evidence: &Evidence,
    filter: &Filter,
) -> Result<Vec<CheckResult>> {
    let known = known(environment)?;
    Ok(judge(
        evidence,
        filter,
        &known,
        evidence.taken_at.date_naive(),
    ))
}

fn known(environment: &Environment) -> Result<Known> {
    Known::load(&environment.project.root).map_err(|problem| anyhow::anyhow!("{problem}"))
}

/// The verdict on a run of tasks that must all be complete.
pub(crate) async fn of_tasks(
    sent: &[Sent],
    tasks: &[Uuid],
    clients: &[OrchestrationApiClient],
) -> Result<Verdict> {
    let chosen = tasks.iter().map(|task| {
        let found = sent.iter().find(|sent| sent.task().ok() == Some(*task));
        found
            .cloned()
            .with_context(|| format!("task {task} was not created through this manager"))
    });
    Verdict::of(&chosen.collect::<Result<Vec<_>>>()?, clients).await
}

#[cfg(test)]
mod tests {
    use cluster_verify::evidence::{Configuration, Observed};

    use super::*;

    fn by_listeners(evidence: &Evidence) -> Vec<CheckResult> {
        let filter = Filter {
            only: vec!["311".to_owned()],
            skip: Vec::new(),
        };
        let today = evidence.taken_at.date_naive();
        judge(evidence, &filter, &Known::default(), today)
    }

    #[test]
    fn a_check_that_was_asked_for_and_has_nothing_to_look_at_is_no_verdict() {
        let topology = Observed::unseen("the topology", "it does not parse");
        let mut evidence = Evidence::blank(topology, Configuration::default());

        let error = nothing_left_out(&by_listeners(&evidence)).unwrap_err();
        assert!(error.to_string().starts_with("CV311"), "{error}");

        // What was looked for and not seen is unknown, which `accept` counts.
        evidence.database = Observed::unseen("the database", "connection refused");
        assert!(nothing_left_out(&by_listeners(&evidence)).is_ok());
    }
}
