//! The rules, one file a family of them; each takes one task's history and says where it is broken.

mod chain;
mod completion;
mod edges;

use super::TaskHistory;

/// One place where a history breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The step's name; none when the task itself broke the rule.
    pub step: Option<String>,
    /// What was found, as a clause.
    pub observed: String,
}

/// A rule, under the code of the check that reports its breaches.
pub struct Rule {
    pub code: &'static str,
    pub judge: fn(&TaskHistory) -> Vec<Breach>,
}

/// Every rule, by code.
pub const RULES: &[Rule] = &[
    Rule {
        code: "CV601",
        judge: chain::task_chain_broken,
    },
    Rule {
        code: "CV602",
        judge: chain::step_chain_broken,
    },
    Rule {
        code: "CV603",
        judge: edges::illegal_task_edge,
    },
    Rule {
        code: "CV604",
        judge: edges::illegal_step_edge,
    },
    Rule {
        code: "CV607",
        judge: completion::step_completed_twice,
    },
    Rule {
        code: "CV608",
        judge: completion::task_completed_twice,
    },
];

/// The rule with this code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}
