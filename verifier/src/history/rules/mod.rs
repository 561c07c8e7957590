//! The rules, one file a family of them; each takes one task's history and says where it is broken.
//!
//! A stream of all tasks runs past every rule, so none allocates for a history that obeys it.

mod attempts;
mod chain;
mod completion;
mod edges;
mod flags;
mod graph;
mod order;
mod terminal;

use super::{StepHistory, StepState, TaskHistory, TaskState, Transition};

/// One place where a history breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The step's name; none when the task itself broke the rule.
    pub step: Option<String>,
    /// What was found, as a clause.
    pub observed: String,
}

impl Breach {
    /// At most one breach for each step.
    fn in_steps(task: &TaskHistory, judge: impl Fn(&StepHistory) -> Option<String>) -> Vec<Self> {
        let found = task.steps.iter().filter_map(|step| {
            let observed = judge(step)?;
            Some(Self {
                step: Some(step.name.clone()),
                observed,
            })
        });
        found.collect()
    }

    /// At most one breach for the task's own transitions, and one for each step's.
    fn in_task_or_steps(
        task: &TaskHistory,
        own: impl Fn(&[Transition<TaskState>]) -> Option<String>,
        of_step: impl Fn(&[Transition<StepState>]) -> Option<String>,
    ) -> Vec<Self> {
        let mut breaches = Self::in_steps(task, |step| of_step(&step.transitions));
        if let Some(observed) = own(&task.transitions) {
            breaches.push(Self {
                step: None,
                observed,
            });
        }
        breaches
    }
}

/// A rule, under the code of the check that reports its breaches.
pub struct Rule {
    pub code: &'static str,
    /// What tells it from the code's other rules, of which one may be accepted and another not.
    pub kind: Option<&'static str>,
    pub judge: fn(&TaskHistory) -> Vec<Breach>,
}

impl Rule {
    const fn new(code: &'static str, judge: fn(&TaskHistory) -> Vec<Breach>) -> Self {
        Self {
            code,
            kind: None,
            judge,
        }
    }

    const fn of_kind(
        code: &'static str,
        kind: &'static str,
        judge: fn(&TaskHistory) -> Vec<Breach>,
    ) -> Self {
        Self {
            code,
            kind: Some(kind),
            judge,
        }
    }

    /// Under what its breaches are counted.
    pub fn name(&self) -> String {
        match self.kind {
            None => self.code.to_owned(),
            Some(kind) => format!("{} {kind}", self.code),
        }
    }
}

/// Every rule, by code.
pub const RULES: &[Rule] = &[
    Rule::new("CV601", chain::task_chain_broken),
    Rule::new("CV602", chain::step_chain_broken),
    Rule::new("CV603", edges::illegal_task_edge),
    Rule::new("CV604", edges::illegal_step_edge),
    Rule::new("CV605", order::sort_key_gap),
    Rule::of_kind("CV606", "late writer", order::marked_late),
    Rule::of_kind("CV606", "wrong mark", order::mismarked),
    Rule::new("CV607", completion::step_completed_twice),
    Rule::new("CV608", completion::task_completed_twice),
    Rule::of_kind("CV609", "finalized", terminal::finalized),
    Rule::of_kind("CV609", "moved on", terminal::moved_on),
    Rule::new("CV610", attempts::attempts_mismatch),
    Rule::new("CV613", attempts::audit_count),
    Rule::new("CV614", graph::dependency_violated),
    Rule::of_kind("CV615", "complete", flags::complete_differs),
    Rule::of_kind("CV615", "in_process", flags::in_process_differs),
    Rule::of_kind("CV615", "processed", flags::processed_differs),
    Rule::new("CV620", attempts::attempts_exceeded),
    Rule::new("CV621", attempts::result_missing),
    Rule::new("CV623", order::time_backwards),
    Rule::new("CV624", graph::edge_inconsistent),
    Rule::of_kind("CV625", "unfinished step", graph::complete_too_early),
    Rule::of_kind("CV625", "unmade batch", graph::batch_never_made),
];

/// The rules with this code.
pub fn with_code(code: &str) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.code == code)
}
