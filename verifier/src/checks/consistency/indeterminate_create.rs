use crate::check::{Check, Code, Finding, Severity};
use crate::checks::hint;
use crate::evidence::{CreateOutcome, Evidence, Unseen};

/// A create was answered with an error, and the task exists.
///
/// A client that believes the answer and asks again does the work twice, unless
/// the task's identity stops it; one that gives up misses the result.
pub struct IndeterminateCreate;

impl Check for IndeterminateCreate {
    const CODE: Code = Code::new(513);
    const NAME: &'static str = "indeterminate-create";
    const TITLE: &'static str = "no create that failed left a task behind";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let mut findings = Vec::new();
        for canary in evidence.canaries.seen()?.sent()? {
            let CreateOutcome::Indeterminate {
                message,
                task_uuid: Some(task),
            } = &canary.create
            else {
                continue;
            };
            findings.push(
                Finding::about(canary)
                    .observed(
                        "the create was answered with an error, and the database has the task",
                    )
                    .evidence("answer", message)
                    .evidence("task", task)
                    .logged(canary.logged.as_deref())
                    .hint(hint::logs(evidence, &canary.via)),
            );
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};
    use crate::evidence::Observed;

    fn failed(task: Option<&str>) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.canaries.seen_mut().tasks[0].create = CreateOutcome::Indeterminate {
            message: "HTTP 500: DATABASE_ERROR".into(),
            task_uuid: task.map(str::to_owned),
        };
        evidence
    }

    #[test]
    fn an_error_with_a_task_behind_it_is_a_finding() {
        let findings = fires::<IndeterminateCreate>(&failed(Some("t")));

        assert_eq!(findings[0].evidence["task"], "t");
    }

    #[test]
    fn an_error_without_a_task_is_another_finding() {
        silent::<IndeterminateCreate>(&failed(None));
    }

    #[test]
    fn without_canaries_nothing_is_known() {
        let mut evidence = Evidence::healthy();
        evidence.canaries = Observed::not_looked("canaries");

        unknown::<IndeterminateCreate>(&evidence);
    }
}
