//! Reads the witness files, line by line: only what is notable is kept.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::witness_line::Written;
use crate::evidence::{InjectedFault, Observed, Unseen, WitnessView};
use crate::history::{Runs, StepRuns};
use crate::project::Project;

/// Unreadable lines that are told one by one.
const TOLD: usize = 20;

/// Folds every line written within `since_seconds`, or all of them.
pub fn collect(project: &Project, since_seconds: Option<u64>) -> Observed<WitnessView> {
    let since = since_seconds
        .and_then(|seconds| TimeDelta::try_seconds(i64::try_from(seconds).ok()?))
        .map_or(DateTime::<Utc>::MIN_UTC, |window| Utc::now() - window);
    view(project, |line| line.wall >= since)
}

/// Folds the lines of these tasks alone.
pub fn of_tasks(project: &Project, tasks: &HashSet<Uuid>) -> Observed<WitnessView> {
    view(project, |line| tasks.contains(&line.task))
}

/// Every run of one task's steps.
pub fn of_task(project: &Project, task: Uuid) -> Observed<Vec<StepRuns>> {
    match fold(project, |line| line.task == task) {
        Ok((runs, _)) => Observed::Seen(runs.all()),
        Err(unseen) => Observed::Unseen(unseen),
    }
}

fn view(project: &Project, wanted: impl Fn(&Written<'_>) -> bool) -> Observed<WitnessView> {
    let (runs, unreadable) = match fold(project, wanted) {
        Ok(folded) => folded,
        Err(unseen) => return Observed::Unseen(unseen),
    };
    let mut view = WitnessView::of(&runs);
    view.unreadable = unreadable;
    view.faults = faults(&project.state.join("faults.jsonl"));
    Observed::Seen(view)
}

fn fold(
    project: &Project,
    wanted: impl Fn(&Written<'_>) -> bool,
) -> Result<(Runs, Vec<String>), Unseen> {
    let folder = project.state.join("witness");
    let paths = files(&folder)
        .map_err(|error| Unseen::new("witness files", format!("{}: {error}", folder.display())))?;
    let mut runs = Runs::default();
    let mut unreadable = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Err(problem) = read(&path, &wanted, &mut runs, &mut unreadable) {
            unreadable.push(format!("{name}: {problem}"));
        }
    }
    Ok((runs, unreadable))
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read(
    path: &Path,
    wanted: &impl Fn(&Written<'_>) -> bool,
    runs: &mut Runs,
    unreadable: &mut Vec<String>,
) -> std::io::Result<()> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        if file.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        number += 1;
        match Written::read(&bytes) {
            Ok(line) if wanted(&line) => runs.add(&line.judged()),
            Ok(_) => {}
            // A line without its end is still being written, or its writer was killed.
            Err(_) if !bytes.ends_with(b"\n") => {}
            Err(error) if unreadable.len() < TOLD => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                unreadable.push(format!("{name}:{number}: {error}"));
            }
            Err(_) => {}
        }
    }
}

/// What was broken on purpose; without the file, nothing was.
fn faults(path: &Path) -> Vec<InjectedFault> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"v":1,"event":"started","run":"01990000-0000-7000-8000-00000000c000","task":"01990000-0000-7000-8000-000000000001","step":"01990000-0000-7000-8000-000000000002","step_name":"wr\u0069te","namespace":"mail","attempt":1,"instance":"worker-rust-1","pid":7,"wall":"2026-01-02T03:04:05.000001Z","mono_ns":5}"#;

    fn read_text(text: &str, since: DateTime<Utc>) -> (Runs, Vec<String>) {
        let name = format!(
            "cluster-verify-witness-{}-{}",
            std::process::id(),
            text.len()
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        let (mut runs, mut unreadable) = (Runs::default(), Vec::new());
        read(
            &path,
            &|line| line.wall >= since,
            &mut runs,
            &mut unreadable,
        )
        .unwrap();
        std::fs::remove_file(&path).unwrap();
        (runs, unreadable)
    }

    #[test]
    fn a_line_that_is_none_is_told_and_an_unfinished_one_is_not() {
        let text = format!("{LINE}\ngarbage\n{{\"v\":1,\"ev");

        let (runs, unreadable) = read_text(&text, DateTime::<Utc>::MIN_UTC);

        assert_eq!(runs.count(), 1);
        assert_eq!(runs.notable().1[0].name, "write");
        assert_eq!(unreadable.len(), 1, "{unreadable:?}");
        assert!(unreadable[0].contains(":2: "), "{unreadable:?}");
    }

    #[test]
    fn lines_before_the_window_are_left_out() {
        let (runs, unreadable) = read_text(&format!("{LINE}\n"), Utc::now());

        assert_eq!((runs.count(), unreadable.len()), (0, 0));
    }
}
