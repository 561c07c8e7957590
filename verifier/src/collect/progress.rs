//! What a long phase is doing: one line that is redrawn on a terminal, a line now and then elsewhere.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Off a terminal, such as in the log of a CI job.
const EVERY: Duration = Duration::from_secs(10);
/// Named before the others are only counted.
const NAMED: usize = 3;

/// One line on standard error that is gone when the phase ends.
pub struct Progress {
    view: View,
    /// What is said of the whole, at 0, and of each thing that goes on at once.
    parts: Mutex<BTreeMap<usize, String>>,
}

enum View {
    Bar(ProgressBar),
    Lines(Sender<String>),
    Nothing,
}

/// One of several things that go on at once: it has its place in the line until it is dropped.
pub struct Part<'a> {
    progress: &'a Progress,
    place: usize,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    pub fn new() -> Self {
        Self::with(
            "{spinner} {elapsed:>3} {wide_msg}",
            ProgressBar::new_spinner,
        )
    }

    /// Nothing at all.
    pub fn hidden() -> Self {
        Self::of_view(View::Nothing)
    }

    /// A bar instead, for a phase of which the end is known.
    pub fn of(total: u64) -> Self {
        Self::with("{bar:30} {elapsed:>3} {wide_msg}", || {
            ProgressBar::new(total)
        })
    }

    fn with(template: &str, bar: impl FnOnce() -> ProgressBar) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::of_view(View::Lines(lines()));
        }
        let bar = bar();
        // The templates are constants that parse.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self::of_view(View::Bar(bar))
    }

    const fn of_view(view: View) -> Self {
        Self {
            view,
            parts: Mutex::new(BTreeMap::new()),
        }
    }

    /// How much of the total is done.
    pub fn reached(&self, done: u64) {
        if let View::Bar(bar) = &self.view {
            bar.set_position(done);
        }
    }

    /// Of the whole; not shown while parts of it speak for themselves.
    pub fn say(&self, message: impl Into<String>) {
        self.parts().insert(0, message.into());
        self.show();
    }

    /// A place for something that goes on beside others.
    pub fn beside(&self) -> Part<'_> {
        let mut parts = self.parts();
        let place = parts.last_key_value().map_or(1, |(last, _)| last + 1);
        parts.insert(place, String::new());
        Part {
            progress: self,
            place,
        }
    }

    fn show(&self) {
        let parts = self.parts();
        let whole = parts.get(&0).map_or("", String::as_str);
        let said: Vec<&str> = parts
            .range(1..)
            .map(|(_, said)| said.as_str())
            .filter(|said| !said.is_empty())
            .collect();
        let line = match said[..] {
            [] => whole.to_owned(),
            _ => said.join("; "),
        };
        match &self.view {
            View::Bar(bar) => bar.set_message(line),
            // Nobody writes when the system lets no further thread begin.
            View::Lines(lines) => drop(lines.send(line)),
            View::Nothing => {}
        }
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<usize, String>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }
}

impl Part<'_> {
    pub fn say(&self, message: impl Into<String>) {
        self.progress.parts().insert(self.place, message.into());
        self.progress.show();
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.progress.parts().remove(&self.place);
        self.progress.show();
    }
}

/// The first few by name, and how many there are beyond them.
pub fn few<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let first: Vec<T> = names.by_ref().take(NAMED).collect();
    let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Where to say what should be written now and then; a thread of its own, since a look may say nothing for long.
fn lines() -> Sender<String> {
    let (say, said) = channel();
    let begun = Instant::now();
    let write = move |line: &str| {
        let seconds = begun.elapsed().as_secs();
        let _ = writeln!(anstream::stderr(), "cluster-verify: {seconds} s: {line}");
    };
    let _ = std::thread::Builder::new().spawn(move || now_and_then(&said, EVERY, write));
    say
}

/// Writes what was said last, until nobody can say any more.
fn now_and_then(said: &Receiver<String>, every: Duration, mut write: impl FnMut(&str)) {
    let mut last = String::new();
    let mut due = Instant::now() + every;
    loop {
        match said.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(message) => last = message,
            Err(RecvTimeoutError::Timeout) => {
                if !last.is_empty() {
                    write(&last);
                }
                due = Instant::now() + every;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_at_once_shares_the_line() {
        let (say, said) = channel();
        let progress = Progress::of_view(View::Lines(say));
        let line = || said.try_iter().last().unwrap();

        progress.say("health");
        assert_eq!(line(), "health");
        let one = progress.beside();
        let other = progress.beside();
        one.say("canaries: 1 of 2");
        other.say("subscriptions: 3 of 4");
        assert_eq!(line(), "canaries: 1 of 2; subscriptions: 3 of 4");
        one.say("canaries: 2 of 2");
        assert_eq!(line(), "canaries: 2 of 2; subscriptions: 3 of 4");
        drop(one);
        assert_eq!(line(), "subscriptions: 3 of 4");
        drop(other);
        assert_eq!(line(), "health");
    }

    #[test]
    fn what_was_said_last_is_written_again_and_again() {
        let (say, said) = channel();
        let (written, lines) = channel();
        let writer = std::thread::spawn(move || {
            now_and_then(&said, Duration::from_millis(1), |line| {
                written.send(line.to_owned()).unwrap();
            });
        });

        say.send("one".into()).unwrap();
        assert_eq!(lines.recv().unwrap(), "one");
        assert_eq!(lines.recv().unwrap(), "one");
        say.send("two".into()).unwrap();
        assert!(lines.iter().any(|line| line == "two"));
        drop(say);
        writer.join().unwrap();
    }

    #[test]
    fn what_is_over_soon_is_not_written() {
        let (say, said) = channel();
        for message in ["one", "two", "three"] {
            say.send(message.into()).unwrap();
        }
        drop(say);

        now_and_then(&said, EVERY, |line| panic!("{line} was written"));
    }

    #[test]
    fn a_few_are_named_and_the_others_counted() {
        assert_eq!(few(["a", "b", "c"]), "a, b, c");
        assert_eq!(few(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
