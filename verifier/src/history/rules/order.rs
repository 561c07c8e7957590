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

pub fn most_recent_wrong(task: &TaskHistory) -> Vec<Breach> {
    Breach::in_task_or_steps(task, mismarked, mismarked)
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

fn mismarked<S: State>(transitions: &[Transition<S>]) -> Option<String> {
    let last = transitions.last()?.sort_key;
    let mut marked = transitions.iter().filter(|it| it.most_recent);
    match (marked.next(), marked.next()) {
        // Of several with the last number, any may be the one.
        (Some(one), None) if one.sort_key == last => None,
        (Some(one), None) => Some(format!(
            "transition {} marked as the most recent, and {last} is the last",
            one.sort_key
        )),
        (None, _) => Some("no transition marked as the most recent".to_owned()),
        (Some(_), Some(_)) => Some("several transitions marked as the most recent".to_owned()),
    }
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
