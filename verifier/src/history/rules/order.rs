//! Transitions are numbered 1, 2, 3 …, the last is marked as the most recent, and time does not run backwards.

use chrono::TimeDelta;

use super::Breach;
use crate::history::state::State;
use crate::history::{TaskHistory, Transition};

/// A transition's time is when its transaction began: of two at once the later number may have the earlier time.
const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

pub fn sort_key_gap(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, misnumbered, misnumbered)
}

/// The marked transition has a number that another one has, too: its writer took the number, and wrote after others had
/// gone on from it.
pub fn marked_late(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, late, late)
}

/// Any other mark that is not the last transition's.
pub fn mismarked(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, wrong, wrong)
}

pub fn time_backwards(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, backwards, backwards)
}

fn misnumbered<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    let mut expected = 1..;
    if transitions
        .iter()
        .all(|it| Some(it.sort_key) == expected.next())
    {
        return None;
    }
    let keys: Vec<String> = transitions
        .iter()
        .map(|it| it.sort_key.to_string())
        .collect();
    Some(format!("sort keys {}", keys.join(" ")))
}

fn late<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    not_the_last(transitions).filter(|_| is_late(transitions))
}

fn wrong<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    match transitions.iter().filter(|it| it.most_recent).count() {
        0 if transitions.is_empty() => None,
        0 => Some("no transition marked as the most recent".to_owned()),
        1 => not_the_last(transitions).filter(|_| !is_late(transitions)),
        _ => Some("several transitions marked as the most recent".to_owned()),
    }
}

fn is_late<S: State>(transitions: &[Transition<S>]) -> bool {
    let number = the_marked(transitions).map(|it| it.sort_key);
    let same = transitions.iter().filter(|it| Some(it.sort_key) == number);
    same.count() > 1
}

fn not_the_last<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    let last = transitions.last()?.sort_key;
    // Of several with the last number, any may be the one.
    let marked = the_marked(transitions).filter(|it| it.sort_key != last)?;
    Some(format!(
        "transition {} marked as the most recent, and {last} is the last",
        marked.sort_key
    ))
}

fn the_marked<S: State>(transitions: &[Transition<S>]) -> Option<&Transition<S>> {
    let mut marked = transitions.iter().filter(|it| it.most_recent);
    let one = marked.next();
    one.filter(|_| marked.next().is_none())
}

fn backwards<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    let pair = transitions
        .windows(2)
        .find(|pair| pair[1].at + TOLERANCE < pair[0].at)?;
    Some(format!(
        "transition {} at {}, and transition {} after it at {}",
        pair[0].sort_key, pair[0].at, pair[1].sort_key, pair[1].at
    ))
}
