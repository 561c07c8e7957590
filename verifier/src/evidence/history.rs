//! What the database's history holds: counts of all, and the tasks on which a rule fired.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{KEPT, RULES, TaskHistory};

/// The histories of healthy tasks are judged while they stream by and not kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HistoryView {
    pub tasks: u64,
    pub steps: u64,
    pub transitions: u64,
    /// Seconds back that were looked at; none means everything.
    pub since_seconds: Option<u64>,
    /// Findings by code over everything that was looked at.
    pub counts: BTreeMap<String, RuleCount>,
    /// Histories on which a rule fired, at most [`crate::history::KEPT`] of them.
    pub suspects: Vec<TaskHistory>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    pub tasks: u64,
    pub breaches: u64,
}

impl HistoryView {
    /// Judges one task by all rules, counts it, and keeps it if a rule fired.
    pub fn add(&mut self, task: TaskHistory) {
        self.tasks += 1;
        self.steps += task.steps.len() as u64;
        let of_steps: usize = task.steps.iter().map(|step| step.transitions.len()).sum();
        self.transitions += (task.transitions.len() + of_steps) as u64;
        let mut suspect = false;
        for rule in RULES {
            let breaches = (rule.judge)(&task).len() as u64;
            if breaches > 0 {
                suspect = true;
                let count = self.counts.entry(rule.code.to_owned()).or_default();
                count.tasks += 1;
                count.breaches += breaches;
            }
        }
        if suspect && self.suspects.len() < KEPT {
            self.suspects.push(task);
        }
    }
}
