use std::cmp::Ordering;

use crate::check::{Check, Code, Finding, Severity};
use crate::evidence::{Evidence, Observed, Rule, Tool, Unseen};

/// A tool of this shell is missing or not of the version that the project asks for.
///
/// A warning: a cluster that runs does not need the shell's tools, and a wrong
/// server or extension has codes of its own.
pub struct ToolMismatch;

impl Check for ToolMismatch {
    const CODE: Code = Code::new(123);
    const NAME: &'static str = "tool-mismatch";
    const TITLE: &'static str = "the shell has every tool in a version that will do";
    const SEVERITY: Severity = Severity::Warning;

    fn judge(evidence: &Evidence) -> Result<Vec<Finding>, Unseen> {
        let tools = evidence.tools.seen()?;
        Ok(tools.iter().filter_map(defect).collect())
    }
}

fn defect(tool: &Tool) -> Option<Finding> {
    // What has no command shows in the database, and has codes there.
    let command = tool.command.as_ref()?;
    let wanted = match tool.rule {
        Rule::Major => format!("{} of any minor version", tool.version),
        Rule::Minimum => format!("{} or newer", tool.version),
    };
    let (observed, found) = match &tool.found {
        Observed::Seen(version) if will_do(tool, version) => return None,
        Observed::Seen(version) => (
            format!("`{command}` is {version}, and {wanted} is asked for"),
            version.clone(),
        ),
        Observed::Unseen(unseen) => (
            format!("`{command}`: {}; {wanted} is asked for", unseen.why),
            "none".to_owned(),
        ),
    };
    let hint = if tool.source == "system" {
        format!(
            "install {} {wanted} on this machine, or work in `nix develop`",
            tool.name
        )
    } else {
        "run this in `./dev shell` or `nix develop`, which bring every tool".to_owned()
    };
    Some(
        Finding::about(&tool.name)
            .observed(observed)
            .evidence("found", found)
            .evidence("asked for", wanted)
            .evidence("listed in", "tools/tools.toml")
            .hint(hint),
    )
}

fn will_do(tool: &Tool, version: &str) -> bool {
    match tool.rule {
        Rule::Major => version.split('.').next() == tool.version.split('.').next(),
        Rule::Minimum => compare(version, &tool.version) != Ordering::Less,
    }
}

/// By their numbers; one that is not written counts as 0.
fn compare(left: &str, right: &str) -> Ordering {
    let numbers = |version: &str| -> Vec<u64> {
        let mut numbers: Vec<u64> = version
            .split('.')
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(left).cmp(&numbers(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{fires, silent, unknown};

    /// PostgreSQL 18 of any minor version, process-compose 1.85 or newer.
    fn with(index: usize, found: Observed<String>) -> Evidence {
        let mut evidence = Evidence::healthy();
        evidence.tools.seen_mut()[index].found = found;
        evidence
    }

    #[test]
    fn another_major_is_found_and_another_minor_is_not() {
        let findings = fires::<ToolMismatch>(&with(0, Observed::Seen("17.9".into())));
        assert_eq!(findings[0].subject, "postgresql");
        assert_eq!(findings[0].evidence["found"], "17.9");

        silent::<ToolMismatch>(&with(0, Observed::Seen("18.0".into())));
    }

    #[test]
    fn an_older_version_is_found_and_a_newer_one_is_not() {
        fires::<ToolMismatch>(&with(1, Observed::Seen("1.9.2".into())));
        silent::<ToolMismatch>(&with(1, Observed::Seen("1.85.0".into())));
        silent::<ToolMismatch>(&with(1, Observed::Seen("2.0".into())));
    }

    #[test]
    fn a_tool_that_is_not_there_is_found() {
        let missing = Observed::unseen("process-compose", "not on PATH");

        let findings = fires::<ToolMismatch>(&with(1, missing));

        assert!(findings[0].observed.contains("not on PATH"));
    }

    #[test]
    fn what_shows_in_the_database_only_is_not_judged_here() {
        let mut evidence = with(0, Observed::not_looked("pgmq"));
        evidence.tools.seen_mut()[0].command = None;

        silent::<ToolMismatch>(&evidence);
    }

    #[test]
    fn without_a_look_at_the_tools_the_answer_is_unknown() {
        let mut evidence = Evidence::healthy();
        evidence.tools = Observed::not_looked("the shell's tools");

        unknown::<ToolMismatch>(&evidence);
    }
}
