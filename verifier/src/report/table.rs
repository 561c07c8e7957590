//! The table: one line a check, what was found below it; calm, and at most 100 columns wide.

use anstyle::{AnsiColor, Style};

use super::{CheckResult, Outcome, Report, Verdict};
use crate::check::{Family, Finding, Severity};

const WIDTH: usize = 100;
/// Findings of one check that are shown in full; the rest are counted.
const SHOWN: usize = 5;
/// Known findings shown for one check.
const KNOWN_SHOWN: usize = 1;

const PASSED: Style = AnsiColor::Green.on_default();
const FAILED: Style = AnsiColor::Red.on_default().bold();
const WARNED: Style = AnsiColor::Yellow.on_default();
const FAINT: Style = Style::new().dimmed();

pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let mut family: Option<Family> = None;
    for check in &report.checks {
        if family != Some(check.family) {
            if family.is_some() {
                text.push('\n');
            }
            family = Some(check.family);
            text.push_str(&format!("{}\n", check.family.title()));
        }
        check_lines(&mut text, check, report.strict);
    }
    summary(&mut text, report);
    text
}

fn check_lines(text: &mut String, check: &CheckResult, strict: bool) {
    let (mark, style) = mark(check, strict);
    let line = format!("{} {}", check.code, check.title);
    text.push_str(&format!("  {style}{mark}{style:#} {line}\n"));
    match &check.outcome {
        Outcome::Passed | Outcome::LeftOut => {}
        Outcome::Unknown { unseen } => indented(text, "      ", &format!("{unseen}"), WARNED),
        Outcome::Found { findings } => finding_lines(text, check, findings, strict),
    }
}

fn mark(check: &CheckResult, strict: bool) -> (&'static str, Style) {
    match &check.outcome {
        Outcome::Passed => ("ok     ", PASSED),
        Outcome::Unknown { .. } => ("unknown", WARNED),
        Outcome::LeftOut => ("-      ", FAINT),
        Outcome::Found { .. } if check.counts_against(strict) => ("FAILED ", FAILED),
        Outcome::Found { .. } if check.all_known() => ("known  ", WARNED),
        Outcome::Found { .. } if check.severity == Severity::Information => ("info   ", FAINT),
        Outcome::Found { .. } => ("warning", WARNED),
    }
}

fn finding_lines(text: &mut String, check: &CheckResult, findings: &[Finding], strict: bool) {
    let (known, open): (Vec<&Finding>, Vec<&Finding>) = findings
        .iter()
        .partition(|finding| finding.known.is_some() && !strict);
    for finding in open.iter().take(SHOWN) {
        whole(text, finding);
    }
    if open.len() > SHOWN {
        let more = open.len() - SHOWN;
        indented(
            text,
            "      ",
            &format!("and {more} more; `-o short` lists all"),
            FAINT,
        );
    }
    let count: u64 = known.iter().map(|finding| finding.times).sum();
    let Some(first) = known.first() else { return };
    let reason = first.known.as_deref().unwrap_or_default();
    indented(
        text,
        "      ",
        &format!("{count} known: {reason}"),
        Style::new(),
    );
    for finding in known.iter().take(KNOWN_SHOWN) {
        let example = format!("such as {}: {}", finding.subject, finding.observed);
        indented(text, "      ", &example, FAINT);
    }
    indented(
        text,
        "      ",
        &format!("`cluster-verify explain {}`", check.code),
        FAINT,
    );
}

fn whole(text: &mut String, finding: &Finding) {
    indented(
        text,
        "      ",
        &format!("{}: {}", finding.subject, finding.observed),
        Style::new(),
    );
    for (key, value) in &finding.evidence {
        indented(text, "        ", &format!("{key}: {value}"), FAINT);
    }
    indented(
        text,
        "        ",
        &format!("-> {}", finding.hint),
        Style::new(),
    );
}

/// Wraps words at the width; a word longer than a line stands alone on one.
fn indented(text: &mut String, indent: &str, content: &str, style: Style) {
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        text.push_str(&format!("{indent}{style}{line}{style:#}\n"));
        line.clear();
    };
    for word in content.split_whitespace() {
        let needed = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && needed > WIDTH {
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        flush(&mut line);
    }
}

fn summary(text: &mut String, report: &Report) {
    let counts = report.counts;
    let (word, style) = match report.verdict {
        Verdict::Passed => ("passed", PASSED),
        Verdict::Failed => ("failed", FAILED),
        Verdict::Unknown => ("unknown", WARNED),
        Verdict::Misconfigured => ("misconfigured", FAILED),
    };
    let mut parts = vec![format!("{} ok", counts.passed)];
    for (count, name) in [
        (counts.failed, "failed"),
        (counts.known, "known"),
        (counts.warned, "with warnings"),
        (counts.unknown, "unknown"),
        (counts.left_out, "left out as asked"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    text.push_str(&format!(
        "\n{style}verdict: {word}{style:#}  {} checks: {}\n",
        report.checks.len(),
        parts.join(", ")
    ));
    let or_unknown = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".to_owned());
    text.push_str(&format!(
        "{FAINT}engine {}, profile {}, mode {}, {:.1} s{FAINT:#}\n",
        or_unknown(&report.engine),
        or_unknown(&report.profile),
        or_unknown(&report.mode),
        report.seconds
    ));
    let first = report
        .checks
        .iter()
        .find(|check| check.counts_against(report.strict));
    if let Some(check) = first {
        text.push_str(&format!("next: `cluster-verify explain {}`\n", check.code));
    }
}
