//! The table: one line a check, what was found below it; calm, and at most 100 columns wide.

use anstyle::{AnsiColor, Style};

use super::{CanaryNote, CheckResult, Outcome, Report, Verdict};
use crate::check::{Family, Finding, Severity};

const WIDTH: usize = 100;
/// Under the code of a check, for a title that is longer than a line.
const TITLE_INDENT: &str = "                ";
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
        check_lines(&mut text, check, report);
    }
    summary(&mut text, report);
    text
}

fn check_lines(text: &mut String, check: &CheckResult, report: &Report) {
    let (mark, style) = mark(check, report.strict);
    let title = format!("{} {}", check.code, check.title);
    for (number, line) in wrap(&title, WIDTH - TITLE_INDENT.len()).iter().enumerate() {
        text.push_str(&match number {
            0 => format!("  {style}{mark}{style:#} {line}\n"),
            _ => format!("{TITLE_INDENT}{line}\n"),
        });
    }
    match &check.outcome {
        Outcome::Passed | Outcome::LeftOut => {}
        Outcome::Unknown { unseen } => indented(text, "      ", &format!("{unseen}"), WARNED),
        Outcome::Found { findings } => finding_lines(text, check, findings, report),
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

fn finding_lines(text: &mut String, check: &CheckResult, findings: &[Finding], report: &Report) {
    let (known, open): (Vec<&Finding>, Vec<&Finding>) = findings
        .iter()
        .partition(|finding| finding.known.is_some() && !report.strict);
    // What follows from another finding stands beneath that one.
    let (folded, open): (Vec<&Finding>, Vec<&Finding>) = open
        .into_iter()
        .partition(|finding| finding.follows_from.is_some());
    let mut told: Vec<&str> = Vec::new();
    for finding in open.iter().take(SHOWN) {
        whole(text, finding);
        // Several findings about one subject explain the same others.
        if !told.contains(&finding.subject.as_str()) {
            told.push(&finding.subject);
            consequences(text, &check.code, finding, report);
        }
    }
    elsewhere(text, &folded);
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

/// What follows from the finding, one line each.
fn consequences(text: &mut String, code: &str, cause: &Finding, report: &Report) {
    let follows = |finding: &&Finding| {
        let of = finding.follows_from.as_ref();
        of.is_some_and(|it| it.code == code && it.subject == cause.subject)
    };
    let all: Vec<String> = report
        .checks
        .iter()
        .flat_map(|check| {
            let found = check.findings().iter().filter(follows);
            found.map(|it| format!("so {} {}: {}", check.code, it.subject, it.observed))
        })
        .collect();
    for line in all.iter().take(SHOWN) {
        indented(text, "        ", line, FAINT);
    }
    if all.len() > SHOWN {
        let more = format!("so {} findings more", all.len() - SHOWN);
        indented(text, "        ", &more, FAINT);
    }
}

/// Where to read of findings that are folded beneath others.
fn elsewhere(text: &mut String, folded: &[&Finding]) {
    let mut causes: Vec<String> = folded
        .iter()
        .filter_map(|it| it.follows_from.as_ref())
        .map(|it| format!("{} {}", it.code, it.subject))
        .collect();
    causes.sort();
    causes.dedup();
    if !causes.is_empty() {
        let line = format!("{} of it follows from {}", folded.len(), causes.join(", "));
        indented(text, "      ", &line, FAINT);
    }
}

fn indented(text: &mut String, indent: &str, content: &str, style: Style) {
    for line in wrap(content, WIDTH - indent.len()) {
        text.push_str(&format!("{indent}{style}{line}{style:#}\n"));
    }
}

/// Wraps words at the width; a word longer than a line stands alone on one.
fn wrap(content: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in content.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
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
        (
            counts.warned,
            if counts.warned == 1 {
                "warning"
            } else {
                "warnings"
            },
        ),
        (counts.unknown, "unknown"),
        (counts.left_out, "left out"),
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
    if counts.judged() == 0 && counts.left_out > 0 {
        text.push_str(
            "nothing was judged: what these checks need, the run was asked not to look at\n",
        );
    }
    let or_unknown = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".to_owned());
    text.push_str(&format!(
        "{FAINT}engine {}, profile {}, mode {}, {:.1} s{FAINT:#}\n",
        or_unknown(&report.engine),
        or_unknown(&report.profile),
        or_unknown(&report.mode),
        report.seconds
    ));
    if let Some(window) = &report.window {
        let since = window.since.format("%Y-%m-%d %H:%M:%S");
        let why = match window.of_profile {
            true => ", when this profile began; `--since DURATION` looks further back",
            false => "",
        };
        text.push_str(&format!("{FAINT}history since {since} UTC{why}{FAINT:#}\n"));
    }
    if let Some(canaries) = &report.canaries {
        text.push_str(&format!("{FAINT}{}{FAINT:#}\n", canary_line(canaries)));
    }
    if report.canaries_aged_out > 0 {
        let removed = report.canaries_aged_out;
        text.push_str(&format!(
            "{FAINT}removed {removed} canaries that were older than a day and that no finding names{FAINT:#}\n"
        ));
    }
    let counting = || {
        let checks = report.checks.iter();
        checks.filter(|check| check.counts_against(report.strict))
    };
    // A cause before what follows from it.
    let is_root =
        |check: &&CheckResult| check.findings().iter().any(|it| it.follows_from.is_none());
    let first = counting().find(is_root).or_else(|| counting().next());
    if let Some(check) = first {
        text.push_str(&format!("next: `cluster-verify explain {}`\n", check.code));
    }
}

fn canary_line(canaries: &CanaryNote) -> String {
    let mut line = format!(
        "canaries: {} of {} ways sent",
        canaries.tried, canaries.ways
    );
    if let Some(seconds) = canaries.oldest_proof_seconds {
        line.push_str(&format!(", the oldest proof is {} old", age(seconds)));
    }
    if let Some(seconds) = canaries.servers_tried_seconds.filter(|it| *it > 0) {
        line.push_str(&format!("; twins and a cancellation {} ago", age(seconds)));
    }
    line
}

fn age(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::check::REGISTRY;
    use crate::report::{Window, fake};

    fn plain(report: &Report) -> String {
        anstream::adapter::strip_str(&render(report)).to_string()
    }

    #[test]
    fn each_check_has_a_line_and_findings_stand_below_it() {
        insta::assert_snapshot!(plain(&fake::report()));
    }

    #[test]
    fn what_the_canaries_did_not_try_now_is_told_with_its_age() {
        let mut report = fake::report();
        let mut note = CanaryNote {
            tried: 10,
            ways: 52,
            oldest_proof_seconds: Some(6 * 60 + 59),
            servers_tried_seconds: Some(59),
        };
        report.canaries = Some(note);
        let text = plain(&report);
        let line = "canaries: 10 of 52 ways sent, the oldest proof is 6 min old; twins and a cancellation 59 s ago";
        assert!(text.lines().any(|it| it == line), "{text}");

        (note.tried, note.oldest_proof_seconds) = (52, None);
        note.servers_tried_seconds = Some(0);
        report.canaries = Some(note);
        let text = plain(&report);
        assert!(text.contains("canaries: 52 of 52 ways sent\n"), "{text}");
    }

    #[test]
    fn what_a_check_removes_it_tells() {
        let mut report = fake::report();
        assert!(!plain(&report).contains("removed"));
        report.canaries_aged_out = 40;

        let text = plain(&report);

        let line = "removed 40 canaries that were older than a day and that no finding names";
        assert!(text.lines().any(|it| it == line), "{text}");
    }

    #[test]
    fn the_part_of_the_history_that_was_judged_is_told_with_its_reason() {
        let mut report = fake::report();
        let window = Window {
            since: DateTime::<Utc>::UNIX_EPOCH,
            of_profile: true,
        };
        report.window = Some(window);
        let of_profile = plain(&report);
        report.window = Some(Window {
            of_profile: false,
            ..window
        });

        assert!(
            of_profile.contains("history since 1970-01-01 00:00:00 UTC, when this profile began;"),
            "{of_profile}"
        );
        assert!(plain(&report).contains("history since 1970-01-01 00:00:00 UTC\n"));
    }

    #[test]
    fn strict_shows_known_findings_in_full() {
        let text = plain(&fake::strict());

        assert!(text.contains("  FAILED  CV607 every step"), "{text}");
        assert!(
            text.contains("      task 7: completed 2 times\n        -> run"),
            "{text}"
        );
    }

    #[test]
    fn a_run_that_judged_nothing_says_so() {
        let mut report = fake::report();
        report
            .checks
            .retain(|check| check.outcome == Outcome::LeftOut);
        report.counts = crate::report::Counts {
            left_out: 1,
            ..Default::default()
        };
        report.verdict = Verdict::Unknown;

        let text = plain(&report);

        assert!(text.contains("verdict: unknown"), "{text}");
        assert!(text.contains("\nnothing was judged: "), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_a_hundred_columns() {
        let mut report = fake::report();
        // Whatever is found, and however long the titles of the real checks are.
        let checks = report.checks.clone();
        report.checks.extend(REGISTRY.iter().map(|entry| {
            let mut check = checks[2].clone();
            check.code = entry.code.to_string();
            check.title = entry.title.to_owned();
            let Outcome::Found { findings } = &mut check.outcome else {
                return check;
            };
            findings[0].observed = "a rather long observation ".repeat(20);
            findings[0].hint = "touch this and that and then ".repeat(9);
            check
        }));

        for line in plain(&report).lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn what_follows_from_two_findings_about_one_subject_is_told_once() {
        let mut report = fake::report();
        let Outcome::Found { findings } = &mut report.checks[2].outcome else {
            panic!()
        };
        *findings = vec![findings[0].clone(); 2];

        let text = plain(&report);

        assert_eq!(text.matches("mail: no instance polled it").count(), 2);
        assert_eq!(text.matches("so CV312 queue").count(), 1, "{text}");
    }

    #[test]
    fn of_many_findings_a_few_are_shown_and_the_rest_counted() {
        let mut report = fake::report();
        let Outcome::Found { findings } = &mut report.checks[2].outcome else {
            panic!()
        };
        *findings = vec![findings[0].clone(); 8];

        let text = plain(&report);

        assert_eq!(text.matches("queue: worker_mail_queue").count(), 5);
        assert!(text.contains("and 3 more; `-o short` lists all"), "{text}");
    }
}
