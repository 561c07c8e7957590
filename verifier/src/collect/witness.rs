//! Reads the witness files, or their ends, line by line: only what is notable is kept.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::witness_line::Written;
use crate::evidence::{InjectedFault, Observed, Unseen, WitnessView};
use crate::history::{Line, Runs, StepRuns};
use crate::project::Project;

/// Unreadable lines that are told one by one.
const TOLD: usize = 20;

/// How much of each file a quick look reads, from its end: some 25,000 lines.
const END: u64 = 8 << 20;

/// How far back to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Whole,
    /// Files grow to a gigabyte in a cluster that has much to do.
    Ends,
}

impl Reach {
    const fn bytes(self) -> u64 {
        match self {
            Self::Whole => u64::MAX,
            Self::Ends => END,
        }
    }
}

/// Folds every line written within `since_seconds`, or all of them.
pub fn collect(
    project: &Project,
    since_seconds: Option<u64>,
    reach: Reach,
) -> Observed<WitnessView> {
    let since = since_seconds
        .and_then(|seconds| TimeDelta::try_seconds(i64::try_from(seconds).ok()?))
        .map_or(DateTime::<Utc>::MIN_UTC, |window| Utc::now() - window);
    view(project, reach, |line| line.wall >= since)
}

/// Folds the lines of these tasks alone.
pub fn of_tasks(project: &Project, tasks: &HashSet<Uuid>) -> Observed<WitnessView> {
    view(project, Reach::Whole, |line| tasks.contains(&line.task))
}

/// Shows every line to `look`.
///
/// # Errors
/// There is no folder of witness files.
pub fn each_line(
    project: &Project,
    reach: Reach,
    mut look: impl FnMut(&Line<'_>),
) -> Result<(), Unseen> {
    let looked = fold(project, reach, |line| {
        look(&line.judged());
        false
    });
    looked.map(|_| ())
}

/// Every run of one task's steps.
pub fn of_task(project: &Project, task: Uuid) -> Observed<Vec<StepRuns>> {
    match fold(project, Reach::Whole, |line| line.task == task) {
        Ok(read) => Observed::Seen(read.runs.all()),
        Err(unseen) => Observed::Unseen(unseen),
    }
}

fn view(
    project: &Project,
    reach: Reach,
    wanted: impl Fn(&Written<'_>) -> bool,
) -> Observed<WitnessView> {
    let read = match fold(project, reach, wanted) {
        Ok(read) => read,
        Err(unseen) => return Observed::Unseen(unseen),
    };
    let mut view = WitnessView::of(&read.runs);
    view.unreadable = read.unreadable;
    view.skipped = read.skipped;
    view.faults = faults(&project.state.join("faults.jsonl"));
    Observed::Seen(view)
}

/// What was read of all files.
#[derive(Default)]
struct Read {
    runs: Runs,
    unreadable: Vec<String>,
    /// Bytes before the ends of the files.
    skipped: u64,
}

fn fold(
    project: &Project,
    reach: Reach,
    mut wanted: impl FnMut(&Written<'_>) -> bool,
) -> Result<Read, Unseen> {
    let folder = project.state.join("witness");
    let paths = files(&folder)
        .map_err(|error| Unseen::new("witness files", format!("{}: {error}", folder.display())))?;
    let mut all = Read::default();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Err(problem) = read(&path, reach.bytes(), &mut wanted, &mut all) {
            all.unreadable.push(format!("{name}: {problem}"));
        }
    }
    Ok(all)
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read(
    path: &Path,
    end: u64,
    wanted: &mut impl FnMut(&Written<'_>) -> bool,
    all: &mut Read,
) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(end);
    let mut bytes = Vec::new();
    // From a byte before, so that a line which begins right there is taken for a whole one.
    file.seek(SeekFrom::Start(skipped.saturating_sub(1)))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    if skipped > 0 {
        file.read_until(b'\n', &mut bytes)?;
    }
    all.skipped += skipped;
    let after = if skipped > 0 {
        format!(" after byte {skipped}")
    } else {
        String::new()
    };
    let mut number = 0;
    loop {
        bytes.clear();
        if file.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        number += 1;
        match Written::read(&bytes) {
            Ok(line) if wanted(&line) => all.runs.add(&line.judged()),
            Ok(_) => {}
            // A line without its end is still being written, or its writer was killed.
            Err(_) if !bytes.ends_with(b"\n") => {}
            Err(error) if all.unreadable.len() < TOLD => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                all.unreadable
                    .push(format!("{name}:{number}{after}: {error}"));
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

    fn read_text(text: &str, since: DateTime<Utc>) -> Read {
        read_end(text, u64::MAX, since)
    }

    fn read_end(text: &str, end: u64, since: DateTime<Utc>) -> Read {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut all = Read::default();
        read(file.path(), end, &mut |line| line.wall >= since, &mut all).unwrap();
        all
    }

    /// So many lines, each of a run of its own.
    fn lines(count: usize) -> String {
        let line = |number: usize| LINE.replace("c000", &format!("{number:04}"));
        (0..count).map(|number| line(number) + "\n").collect()
    }

    #[test]
    fn a_line_that_is_none_is_told_and_an_unfinished_one_is_not() {
        let text = format!("{LINE}\ngarbage\n{{\"v\":1,\"ev");

        let Read {
            runs, unreadable, ..
        } = read_text(&text, DateTime::<Utc>::MIN_UTC);

        assert_eq!(runs.count(), 1);
        assert_eq!(runs.notable().1[0].name, "write");
        assert_eq!(unreadable.len(), 1, "{unreadable:?}");
        assert!(unreadable[0].contains(":2: "), "{unreadable:?}");
    }

    #[test]
    fn lines_before_the_window_are_left_out() {
        let read = read_text(&format!("{LINE}\n"), Utc::now());

        assert_eq!((read.runs.count(), read.unreadable.len()), (0, 0));
    }

    #[test]
    fn of_the_end_of_a_file_whole_lines_are_read_and_what_was_skipped_is_counted() {
        let text = lines(10);
        let (line, all) = (LINE.len() as u64 + 1, text.len() as u64);

        for (end, runs) in [
            (all, 10),
            (all + 1, 10),
            (3 * line, 3),
            (3 * line + 1, 3),
            (3 * line - 1, 2),
            (1, 0),
        ] {
            let read = read_end(&text, end, DateTime::<Utc>::MIN_UTC);
            assert_eq!(read.runs.count(), runs, "{end}");
            assert_eq!(read.skipped, all.saturating_sub(end), "{end}");
            assert_eq!(read.unreadable, Vec::<String>::new(), "{end}");
        }
    }

    #[test]
    fn a_quick_look_reads_ends_and_every_other_one_whole_files() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project {
            root: folder.path().to_path_buf(),
            state: folder.path().to_path_buf(),
        };
        std::fs::create_dir(folder.path().join("witness")).unwrap();
        let count = usize::try_from(END).unwrap() / LINE.len() + 10;
        let text = lines(9).repeat(count / 9 + 1);
        std::fs::write(folder.path().join("witness/worker-rust-1.jsonl"), &text).unwrap();
        let skipped = |reach| collect(&project, None, reach).seen_mut().skipped;

        assert_eq!(skipped(Reach::Whole), 0);
        assert_eq!(skipped(Reach::Ends), text.len() as u64 - END);
    }
}
