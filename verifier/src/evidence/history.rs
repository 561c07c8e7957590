//! What the database's history holds: counts of all, and the tasks on which a rule fired.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::evidence::Unseen;
use crate::history::{KEPT, KEPT_OPEN, RULES, StepHistory, StepState, TaskHistory, TaskState};

/// The histories of healthy tasks are judged while they stream by and not kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HistoryView {
    pub tasks: u64,
    pub steps: u64,
    /// How often one of them was handed to the workers: a step that is retried counts each time.
    #[serde(default)]
    pub handed_out: u64,
    pub transitions: u64,
    /// When the look began: later than the rest of the evidence, in which the canaries take their time.
    #[serde(default)]
    pub read_at: Option<DateTime<Utc>>,
    /// Seconds back that were looked at; none means everything.
    pub since_seconds: Option<u64>,
    /// When the engine's present profile began, if that is why no more was looked at.
    #[serde(default)]
    pub profile_began: Option<DateTime<Utc>>,
    /// Breaches by rule, of most codes the only one, over everything that was looked at.
    pub counts: BTreeMap<String, RuleCount>,
    /// Who had results accepted, by worker uuid; nil for results that name none.
    pub workers: BTreeMap<Uuid, WorkerSeen>,
    /// What was done last, by namespace.
    #[serde(default)]
    pub last_done: BTreeMap<String, LastDone>,
    /// Tasks that are not at rest: the oldest, at most [`KEPT_OPEN`] of them.
    pub open: Vec<OpenTask>,
    /// How many there are.
    pub open_tasks: u64,
    /// Histories on which a rule fired: of each code the oldest, [`KEPT`] of them. Or those of all tasks.
    pub suspects: Vec<TaskHistory>,
    /// Whether all are kept.
    #[serde(default)]
    pub keep_all: bool,
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

/// When work of a namespace was last seen to go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDone {
    /// A worker's result was accepted.
    pub result: Option<DateTime<Utc>>,
    /// A server completed a step.
    pub step: Option<DateTime<Utc>>,
}

impl LastDone {
    fn of(task: &TaskHistory) -> Self {
        let steps = || task.steps.iter();
        let completed = |step: &StepHistory| {
            let mut last = step.transitions.iter().rev();
            last.find(|it| it.to == StepState::Complete).map(|it| it.at)
        };
        Self {
            result: steps().flat_map(|step| &step.audits).map(|it| it.at).max(),
            step: steps().filter_map(completed).max(),
        }
    }

    fn merge(&mut self, other: Self) {
        self.result = self.result.max(other.result);
        self.step = self.step.max(other.step);
    }
}

/// A task on which something is still to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    pub task: Uuid,
    pub namespace: String,
    pub template: String,
    pub state: Option<TaskState>,
    /// The last transition of the task or of any of its steps.
    pub since: DateTime<Utc>,
    /// A step waits until it may be tried again.
    pub waits_for_retry: bool,
    /// When the last such step may be tried; none when none waits, or nobody looked.
    #[serde(default)]
    pub retry_due: Option<DateTime<Utc>>,
    #[serde(default)]
    pub steps: usize,
    /// Steps that are complete, or were resolved by hand.
    #[serde(default)]
    pub steps_complete: usize,
    /// Steps that are in a queue or in somebody's hands.
    pub in_flight: Vec<OpenStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenStep {
    pub step: Uuid,
    pub name: String,
    pub state: StepState,
    pub since: DateTime<Utc>,
    /// Whether its queue has a message for it, be it visible or not; none when nobody looked.
    ///
    /// The namespace's queue, or for a result that was handed in, that of the results.
    pub message: Option<bool>,
}

impl OpenTask {
    fn of(task: &TaskHistory) -> Self {
        let of_steps = task.steps.iter().filter_map(|step| step.transitions.last());
        let last = task.transitions.last().map(|it| it.at);
        let since = of_steps.map(|it| it.at).chain(last).max();
        let in_flight = task.steps.iter().filter_map(|step| {
            let (state, last) = (step.state()?, step.transitions.last()?);
            state.is_in_flight().then(|| OpenStep {
                step: step.step,
                name: step.name.clone(),
                state,
                since: last.at,
                message: None,
            })
        });
        let complete = |step: &&StepHistory| {
            matches!(
                step.state(),
                Some(StepState::Complete | StepState::ResolvedManually)
            )
        };
        let waits = |step: &StepHistory| step.state() == Some(StepState::WaitingForRetry);
        Self {
            task: task.task,
            namespace: task.namespace.clone(),
            template: task.template.clone(),
            state: task.state(),
            since: since.unwrap_or(task.created_at),
            waits_for_retry: task.steps.iter().any(waits),
            retry_due: None,
            steps: task.steps.len(),
            steps_complete: task.steps.iter().filter(complete).count(),
            in_flight: in_flight.collect(),
        }
    }
}

impl HistoryView {
    /// Judges one task by all rules, counts it, and keeps it if a rule fired.
    pub fn add(&mut self, task: TaskHistory) {
        self.tasks += 1;
        self.steps += task.steps.len() as u64;
        self.handed_out += task.steps.iter().map(StepHistory::handed_out).sum::<u64>();
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
        let done = LastDone::of(&task);
        match self.last_done.get_mut(&task.namespace) {
            Some(last) => last.merge(done),
            None => {
                self.last_done.insert(task.namespace.clone(), done);
            }
        }
        if !task.at_rest() {
            self.open_tasks += 1;
            if self.open.len() < self.most_open() {
                self.open.push(OpenTask::of(&task));
            }
        }
        if count(&mut self.counts, &task) || self.keep_all {
            self.suspects.push(task);
        }
    }

    const fn most_open(&self) -> usize {
        if self.keep_all { usize::MAX } else { KEPT_OPEN }
    }

    /// For a check that found nothing wrong with the tasks in [`Self::open`].
    ///
    /// # Errors
    /// There are more than were kept, of which nothing is known.
    pub fn kept_all_open(&self) -> Result<(), Unseen> {
        let kept = self.open.len();
        if self.open_tasks <= kept as u64 {
            return Ok(());
        }
        let more = self.open_tasks - kept as u64;
        Err(Unseen::new(
            format!("{more} of {} tasks that are not at rest", self.open_tasks),
            format!("the oldest {kept} alone are looked at"),
        ))
    }

    /// How often the engine had a chance to race: each time that a step was handed out, at least once for each.
    pub fn chances(&self) -> u64 {
        self.steps.max(self.handed_out)
    }

    /// Adds what was seen of other tasks.
    pub fn merge(&mut self, other: Self) {
        self.tasks += other.tasks;
        self.steps += other.steps;
        self.handed_out += other.handed_out;
        self.transitions += other.transitions;
        self.open_tasks += other.open_tasks;
        for (code, more) in other.counts {
            let count = self.counts.entry(code).or_default();
            count.tasks += more.tasks;
            count.breaches += more.breaches;
        }
        for (worker, more) in other.workers {
            let seen = self.workers.entry(worker).or_insert(WorkerSeen {
                audits: 0,
                last: more.last,
            });
            seen.audits += more.audits;
            seen.last = seen.last.max(more.last);
        }
        for (namespace, done) in other.last_done {
            self.last_done.entry(namespace).or_default().merge(done);
        }
        // Each part has its first by uuid, so that the first of all are among them.
        self.open.extend(other.open);
        self.open.sort_by_key(|task| task.task);
        self.open.truncate(self.most_open());
        self.suspects.extend(other.suspects);
        self.suspects.sort_by_key(|task| task.task);
        if !self.keep_all {
            let mut kept = BTreeMap::new();
            self.suspects.retain(|task| count(&mut kept, task));
        }
    }
}

/// Counts a task by the rules that fire on it; true if it is one of the first for one of them.
fn count(counts: &mut BTreeMap<String, RuleCount>, task: &TaskHistory) -> bool {
    let mut first = false;
    for rule in RULES {
        let breaches = (rule.judge)(task).len() as u64;
        if breaches > 0 {
            let count = counts.entry(rule.name()).or_default();
            count.tasks += 1;
            count.breaches += breaches;
            first |= count.tasks <= KEPT;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::healthy::task_history;
    use crate::history::Transition;
    use crate::history::model::{Choices, bytes, life};
    use crate::history::mutations::MUTATIONS;

    /// Tasks of which nearly all have a fault, each the next one of the mutations.
    fn faulty(tasks: u64) -> Vec<TaskHistory> {
        let faulty = |number| {
            let mut task = life(number, &mut Choices::new(&bytes(number)));
            MUTATIONS[number as usize % MUTATIONS.len()].1(&mut task, 3);
            task
        };
        (0..tasks).map(faulty).collect()
    }

    #[test]
    fn what_fires_everywhere_does_not_crowd_out_what_fires_once() {
        let mut view = HistoryView::default();
        let chain = MUTATIONS.iter().find(|(code, _)| *code == "CV601").unwrap();
        for number in 0..1000 {
            let mut task = life(number, &mut Choices::new(&[]));
            chain.1(&mut task, 3);
            view.add(task);
        }
        let mut late = life(1000, &mut Choices::new(&[]));
        late.complete = false;
        view.add(late.clone());

        assert_eq!(view.suspects.len() as u64, KEPT + 1);
        assert_eq!(view.suspects.last(), Some(&late));
    }

    #[test]
    fn of_each_rule_the_first_are_kept() {
        let mut view = HistoryView::default();
        faulty(6000).into_iter().for_each(|task| view.add(task));

        assert_eq!(view.counts.len(), RULES.len());
        for rule in RULES {
            let (name, count) = (rule.name(), &view.counts[&rule.name()]);
            let breaks_it = |task: &&TaskHistory| !(rule.judge)(task).is_empty();
            let kept = view.suspects.iter().filter(breaks_it).count() as u64;
            assert!(kept >= count.tasks.min(KEPT), "{name}: {kept} of {count:?}");
        }
        assert!((view.suspects.len() as u64) < KEPT * RULES.len() as u64);
    }

    #[test]
    fn more_open_tasks_than_were_kept_leave_some_of_which_nothing_is_known() {
        let mut view = HistoryView::default();
        assert_eq!(view.kept_all_open(), Ok(()));

        view.open_tasks = 3;

        let unseen = view.kept_all_open().unwrap_err();
        assert_eq!(unseen.what, "3 of 3 tasks that are not at rest");
    }

    #[test]
    fn parts_that_are_merged_are_as_good_as_the_whole() {
        let tasks = faulty(6000);
        let (mut whole, mut one, mut other) = Default::default();
        for (index, task) in tasks.into_iter().enumerate() {
            HistoryView::add(&mut whole, task.clone());
            // As two readers take spans in turn.
            let part: &mut HistoryView = if index / 100 % 3 == 0 {
                &mut one
            } else {
                &mut other
            };
            part.add(task);
        }

        other.merge(one);

        assert!(whole.counts.values().any(|count| count.tasks > KEPT));
        assert_eq!(whole.open.len(), KEPT_OPEN);
        assert_eq!(
            serde_json::to_value(&other).unwrap(),
            serde_json::to_value(&whole).unwrap()
        );
    }

    #[test]
    fn a_step_that_is_tried_again_counts_each_time_and_a_second_enqueueing_does_not() {
        let chances = |states: &[StepState]| {
            let mut task = task_history();
            let step = &mut task.steps[0];
            for to in states {
                let last = step.transitions.last().unwrap().clone();
                let from = Some(last.to);
                step.transitions.push(Transition {
                    from,
                    to: *to,
                    ..last
                });
            }
            // A second server begins where the first one did.
            let last = step.transitions.last().unwrap().clone();
            step.transitions.push(last);
            let mut view = HistoryView::default();
            view.add(task);
            view.chances() - view.steps
        };

        assert_eq!(chances(&[StepState::Pending]), 0);
        assert_eq!(chances(&[StepState::Pending, StepState::Enqueued]), 1);
    }

    #[test]
    fn steps_that_are_not_handed_out_yet_count_too() {
        let view = HistoryView {
            steps: 3,
            ..HistoryView::default()
        };

        assert_eq!(view.chances(), 3);
    }

    #[test]
    fn on_request_the_tasks_that_are_as_they_should_be_are_kept_too() {
        let all = || HistoryView {
            keep_all: true,
            ..HistoryView::default()
        };
        let (mut one, mut other) = (all(), all());
        for number in 0..2000 {
            let view = if number % 2 == 0 {
                &mut one
            } else {
                &mut other
            };
            view.add(life(number, &mut Choices::new(&bytes(number))));
        }

        one.merge(other);

        assert_eq!((one.tasks, one.suspects.len()), (2000, 2000));
        assert!(one.counts.is_empty());
    }
}
