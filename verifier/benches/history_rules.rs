//! How many transitions a second run past all history rules on one core: `cargo bench -p cluster-verify`.
//!
//! The histories are made up and legal, as nearly all are: their number is what the goal
//! of a million transitions a second is about. The bench fails below it, and where a rule fires.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cluster_verify::history::model::{Choices, bytes, life};
use cluster_verify::history::{RULES, TaskHistory};

const TASKS: u64 = 20_000;
/// How long each measurement takes at least.
const LEAST: Duration = Duration::from_secs(2);
const GOAL: f64 = 1_000_000.0;

fn main() {
    let tasks: Vec<TaskHistory> = (0..TASKS)
        .map(|number| life(number, &mut Choices::new(&bytes(number))))
        .collect();
    let transitions: usize = tasks.iter().map(transitions).sum();
    let (rate, breaches) = measure(&tasks, transitions, |task| {
        RULES.iter().map(|rule| (rule.judge)(task).len()).sum()
    });
    say(&format!(
        "{TASKS} tasks, {transitions} transitions, {} rules, {breaches} breaches: {rate:.0} transitions/s",
        RULES.len()
    ));
    for rule in RULES {
        let (rate, _) = measure(&tasks, transitions, |task| (rule.judge)(task).len());
        say(&format!("{} alone: {rate:.0} transitions/s", rule.code));
    }
    assert_eq!(breaches, 0, "rules fire on legal lives");
    assert!(rate >= GOAL, "{rate:.0} transitions/s are less than {GOAL}");
}

fn measure(
    tasks: &[TaskHistory],
    transitions: usize,
    judge: impl Fn(&TaskHistory) -> usize,
) -> (f64, usize) {
    let begun = Instant::now();
    let (mut rounds, mut breaches) = (0, 0);
    while begun.elapsed() < LEAST || rounds == 0 {
        breaches = tasks.iter().map(|task| judge(black_box(task))).sum();
        rounds += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    ((transitions * rounds) as f64 / seconds, breaches)
}

fn transitions(task: &TaskHistory) -> usize {
    let of_steps: usize = task.steps.iter().map(|step| step.transitions.len()).sum();
    task.transitions.len() + of_steps
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
fn say(line: &str) {
    println!("{line}");
}
