//! What the database's history holds: counts of all, and the tasks on which a rule fired.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    /// Who had results accepted, by worker uuid; nil for results that name none.
    pub workers: BTreeMap<Uuid, WorkerSeen>,
    /// Histories on which a rule fired, at most [`crate::history::KEPT`] of them.
    pub suspects: Vec<TaskHistory>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    pub tasks: u64,
    pub breaches: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerSeen {
    /// Results that were accepted from it.
    pub audits: u64,
    pub last: DateTime<Utc>,
}

impl HistoryView {
    /// Judges one task by all rules, counts it, and keeps it if a rule fired.
    pub fn add(&mut self, task: TaskHistory) {
        self.tasks += 1;
        self.steps += task.steps.len() as u64;
        let of_steps: usize = task.steps.iter().map(|step| step.transitions.len()).sum();
        self.transitions += (task.transitions.len() + of_steps) as u64;
        for audit in task.steps.iter().flat_map(|step| &step.audits) {
            let worker = audit.worker.unwrap_or_default();
            let seen = self.workers.entry(worker).or_insert(WorkerSeen {
                audits: 0,
                last: audit.at,
            });
            seen.audits += 1;
            seen.last = seen.last.max(audit.at);
        }
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
