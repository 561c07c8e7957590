//! Lives of tasks made up from the engine's state machines: legal ones, for property tests and benchmarks.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Audit, Edge, StepHistory, StepState, TaskHistory, TaskState, Transition};

/// What happens at each fork of a life; when they run out, the plainest thing happens.
#[derive(Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// A number below `bound`, 0 once there are no more choices.
    pub fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        usize::from(*first) % bound.max(1)
    }

    /// One in `many`, and never once there are no more choices.
    fn seldom(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }
}

/// A hundred bytes that look like chance, the same in each run (splitmix64).
pub fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).to_le_bytes()[0]
    };
    (0..100).map(|_| next()).collect()
}

/// A task that the engine could have brought about, from its creation up to some moment.
pub fn life(number: u64, choices: &mut Choices<'_>) -> TaskHistory {
    let steps = 1 + choices.below(12);
    let mut life = Life::new(number, steps, choices);
    life.begin();
    while life.round(choices) {}
    life.task
}

struct Life {
    task: TaskHistory,
    now: DateTime<Utc>,
    /// Transitions until nobody looks any more.
    left: usize,
}

impl Life {
    fn new(number: u64, steps: usize, choices: &mut Choices<'_>) -> Self {
        let uuid = |kind: u64, index: usize| {
            Uuid::from_u64_pair(0x0199_0000_0000_7000 + kind, (number << 16) + index as u64)
        };
        let step = |index| StepHistory {
            step: uuid(1, index),
            name: format!("step_{index}"),
            attempts: 0,
            max_attempts: 3,
            in_process: false,
            processed: false,
            has_result: false,
            transitions: Vec::new(),
            audits: Vec::new(),
        };
        let mut edges = Vec::new();
        for child in 1..steps {
            // Each step waits for one or two before it, or for none.
            let parents = choices.below(3);
            let first = choices.below(child);
            for parent in (first..child).take(parents) {
                edges.push(Edge {
                    parent: uuid(1, parent),
                    child: uuid(1, child),
                });
            }
        }
        let begun = DateTime::from_timestamp(1_767_000_000, 0).unwrap_or_default();
        let task = TaskHistory {
            task: uuid(0, 0),
            namespace: "model".into(),
            template: "made_up".into(),
            correlation: uuid(2, 0),
            created_at: begun,
            complete: false,
            transitions: Vec::new(),
            steps: (0..steps).map(step).collect(),
            edges,
        };
        // A look may come at any moment; mostly it comes when all is over.
        let left = if choices.seldom(4) {
            choices.below(60)
        } else {
            usize::MAX
        };
        Self {
            task,
            now: begun,
            left,
        }
    }

    /// Whether there is still somebody who looks at what happens next.
    fn passes(&mut self) -> bool {
        self.now += TimeDelta::milliseconds(7);
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn task_to(&mut self, to: TaskState) {
        if self.passes() {
            let transition = follow(&self.task.transitions, to, self.now);
            push(&mut self.task.transitions, transition);
            self.task.complete |= to == TaskState::Complete;
        }
    }

    fn step_to(&mut self, index: usize, to: StepState, by_hand: bool) {
        if !self.passes() {
            return;
        }
        let now = self.now;
        let step = &mut self.task.steps[index];
        let mut transition = follow(&step.transitions, to, now);
        transition.privileged = by_hand;
        push(&mut step.transitions, transition);
        match to {
            StepState::InProgress => step.attempts += 1,
            StepState::Pending if by_hand => step.attempts = 0,
            StepState::EnqueuedForOrchestration | StepState::EnqueuedAsErrorForOrchestration => {
                step.has_result = true;
                step.audits.push(Audit {
                    worker: Some(Uuid::from_u128(9)),
                    success: to == StepState::EnqueuedForOrchestration,
                    at: now,
                });
            }
            StepState::Complete | StepState::Cancelled | StepState::ResolvedManually => {
                step.has_result |= to == StepState::Complete;
                step.processed = true;
            }
            _ => {}
        }
    }

    fn begin(&mut self) {
        self.task_to(TaskState::Pending);
        for index in 0..self.task.steps.len() {
            self.step_to(index, StepState::Pending, false);
        }
        self.task_to(TaskState::Initializing);
    }

    /// Runs all that is ready; false once the task is at rest or nobody looks.
    fn round(&mut self, choices: &mut Choices<'_>) -> bool {
        let ready: Vec<usize> = (0..self.task.steps.len())
            .filter(|it| self.is_ready(*it))
            .collect();
        if ready.is_empty() {
            self.end(choices);
            return false;
        }
        if choices.seldom(40) {
            self.cancel();
            return false;
        }
        self.task_to(TaskState::EnqueuingSteps);
        for index in &ready {
            self.step_to(*index, StepState::Enqueued, false);
        }
        self.task_to(TaskState::StepsInProcess);
        let mut retried = false;
        for index in ready {
            retried |= self.run(index, choices);
        }
        if retried && choices.seldom(2) {
            self.task_to(TaskState::WaitingForRetry);
        } else {
            self.task_to(TaskState::EvaluatingResults);
        }
        self.left > 0
    }

    fn is_ready(&self, index: usize) -> bool {
        let step = &self.task.steps[index];
        let mut parents = self
            .task
            .edges
            .iter()
            .filter(|edge| edge.child == step.step);
        step.state() == Some(StepState::Pending)
            && parents.all(|edge| {
                self.task
                    .step(edge.parent)
                    .is_some_and(StepHistory::is_satisfied)
            })
    }

    /// One attempt; true if another will follow.
    fn run(&mut self, index: usize, choices: &mut Choices<'_>) -> bool {
        use StepState as S;
        self.step_to(index, S::InProgress, false);
        match choices.below(12) {
            9 => {
                self.step_to(index, S::EnqueuedAsErrorForOrchestration, false);
                if self.task.steps[index].attempts >= 3 {
                    self.step_to(index, S::Error, false);
                    return false;
                }
                self.step_to(index, S::WaitingForRetry, false);
                self.step_to(index, S::Pending, false);
                true
            }
            10 => {
                self.step_to(index, S::EnqueuedAsErrorForOrchestration, false);
                self.step_to(index, S::Error, false);
                match choices.below(3) {
                    1 => self.step_to(index, S::ResolvedManually, true),
                    2 => {
                        self.step_to(index, S::Pending, true);
                        return true;
                    }
                    _ => {}
                }
                false
            }
            11 => {
                self.step_to(index, S::Complete, true);
                false
            }
            _ => {
                self.step_to(index, S::EnqueuedForOrchestration, false);
                self.step_to(index, S::Complete, false);
                false
            }
        }
    }

    fn end(&mut self, choices: &mut Choices<'_>) {
        if self.task.steps.iter().all(StepHistory::is_satisfied) {
            self.task_to(TaskState::Complete);
            return;
        }
        self.task_to(TaskState::BlockedByFailures);
        match choices.below(3) {
            1 => self.task_to(TaskState::Error),
            2 => self.task_to(TaskState::ResolvedManually),
            _ => {}
        }
    }

    fn cancel(&mut self) {
        for index in 0..self.task.steps.len() {
            if !self.task.steps[index].state().is_none_or(|state| {
                matches!(state, StepState::Complete | StepState::ResolvedManually)
            }) {
                self.step_to(index, StepState::Cancelled, false);
            }
        }
        self.task_to(TaskState::Cancelled);
    }
}

fn follow<S: Copy>(transitions: &[Transition<S>], to: S, at: DateTime<Utc>) -> Transition<S> {
    Transition {
        from: transitions.last().map(|last| last.to),
        to,
        sort_key: transitions.last().map_or(1, |last| last.sort_key + 1),
        most_recent: true,
        processor: None,
        at,
        privileged: false,
    }
}

fn push<S>(transitions: &mut Vec<Transition<S>>, transition: Transition<S>) {
    if let Some(last) = transitions.last_mut() {
        last.most_recent = false;
    }
    transitions.push(transition);
}
