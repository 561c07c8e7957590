//! Lives of tasks made up from the engine's state machines: legal ones, for property tests and benchmarks.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Audit, Edge, State, StepHistory, StepState, TaskHistory, TaskState, Transition};

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
    life.begin(choices);
    while let Some(to) = life.next(choices) {
        life.moves(to, choices);
    }
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
            asks_for_batch: false,
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

    fn task_to(&mut self, to: TaskState, past_the_table: bool) {
        if self.passes() {
            let mut transition = follow(&self.task.transitions, to, self.now);
            transition.privileged = past_the_table;
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

    fn begin(&mut self, choices: &mut Choices<'_>) {
        self.task_to(TaskState::Pending, false);
        // Now and then an operator is done with all of it before the engine begins.
        let by_hand = choices.seldom(30);
        for index in 0..self.task.steps.len() {
            self.step_to(index, StepState::Pending, false);
            if by_hand {
                self.step_to(index, StepState::ResolvedManually, true);
            }
        }
    }

    /// Where the task goes from here; none once it stays or nobody looks.
    fn next(&self, choices: &mut Choices<'_>) -> Option<TaskState> {
        use TaskState::{WaitingForDependencies, WaitingForRetry};
        let state = self.task.state().filter(|_| self.left > 0)?;
        let plain = self.plainly(state);
        // Where it stands still, more befalls it.
        let waits = matches!(state, WaitingForDependencies | WaitingForRetry);
        let many = if plain.is_none() || waits { 3 } else { 12 };
        if !choices.seldom(many) {
            return plain;
        }
        let others = self.others(state);
        others.get(choices.below(others.len())).copied().or(plain)
    }

    /// Where it goes when all goes well.
    fn plainly(&self, state: TaskState) -> Option<TaskState> {
        use TaskState as T;
        let on_the_way = (0..self.task.steps.len()).any(|it| self.is_ready(it))
            || self.any_step(|state| state == StepState::Enqueued);
        match state {
            T::Pending => Some(T::Initializing),
            T::Initializing | T::EvaluatingResults if on_the_way => Some(T::EnqueuingSteps),
            T::Initializing | T::EvaluatingResults if self.is_done() => Some(T::Complete),
            T::Initializing => Some(T::WaitingForDependencies),
            // What is in the hands of somebody who is gone, it waits for for ever.
            T::EvaluatingResults => {
                (!self.any_step(StepState::is_in_flight)).then_some(T::BlockedByFailures)
            }
            T::EnqueuingSteps => Some(T::StepsInProcess),
            T::StepsInProcess | T::WaitingForDependencies => Some(T::EvaluatingResults),
            T::WaitingForRetry => Some(T::EnqueuingSteps),
            _ => None,
        }
    }

    /// Every edge of the engine's table that it may take, and those that the finalizer and the detector of stale
    /// tasks take past it.
    fn others(&self, state: TaskState) -> Vec<TaskState> {
        use TaskState as T;
        let may = |to: TaskState| match to {
            T::Complete => self.is_done(),
            // The table has it after an end, too; the engine's guards do not let it happen.
            T::ResolvedManually => !state.is_terminal(),
            _ => true,
        };
        let all = T::ALL.iter().copied();
        let mut others: Vec<T> = all
            .filter(|to| to.follows(Some(state)) && may(*to))
            .collect();
        let begun = !state.is_terminal() && state != T::Pending;
        if begun && self.is_done() {
            others.push(T::Complete);
        } else if begun && state != T::BlockedByFailures {
            others.push(T::BlockedByFailures);
        }
        if matches!(
            state,
            T::WaitingForDependencies | T::WaitingForRetry | T::StepsInProcess
        ) {
            others.push(T::Error);
        }
        others
    }

    /// The task's next transition, and what its steps do with it.
    fn moves(&mut self, to: TaskState, choices: &mut Choices<'_>) {
        use TaskState as T;
        let steps = 0..self.task.steps.len();
        if to == T::Cancelled {
            for index in steps.clone() {
                let state = self.task.steps[index].state();
                if state.is_some_and(|state| !state.is_terminal()) {
                    self.step_to(index, StepState::Cancelled, false);
                }
            }
        }
        // The finalizer says so of all that it writes, and others may write the same.
        let finalized = matches!(to, T::Complete | T::BlockedByFailures) && choices.seldom(2);
        let past_the_table = finalized || !to.follows(self.task.state());
        self.task_to(to, past_the_table);
        match to {
            T::EnqueuingSteps => {
                for index in steps {
                    // A worker may claim a step of which it hears before it is marked as enqueued.
                    if self.is_ready(index) && !choices.seldom(12) {
                        self.step_to(index, StepState::Enqueued, false);
                    }
                }
            }
            T::StepsInProcess => {
                for index in steps {
                    let state = self.task.steps[index].state();
                    if self.is_ready(index) || state == Some(StepState::Enqueued) {
                        self.run(index, choices);
                    }
                }
            }
            _ => {}
        }
    }

    /// One attempt at a step, or what comes in its stead.
    fn run(&mut self, index: usize, choices: &mut Choices<'_>) {
        use StepState as S;
        while self.left > 0 {
            let step = &self.task.steps[index];
            let Some(state) = step.state() else { return };
            let tried = step.attempts >= step.max_attempts;
            let succeeded = step.audits.iter().any(|audit| audit.success);
            let plain = match state {
                S::Pending | S::Enqueued => Some(S::InProgress),
                S::InProgress if succeeded => Some(S::Complete),
                S::InProgress => Some(S::EnqueuedForOrchestration),
                S::EnqueuedForOrchestration => Some(S::Complete),
                S::EnqueuedAsErrorForOrchestration if tried => Some(S::Error),
                S::EnqueuedAsErrorForOrchestration => Some(S::WaitingForRetry),
                S::WaitingForRetry => Some(S::Pending),
                _ => None,
            };
            let (to, by_hand) = if choices.seldom(8) {
                // The last choice: whoever has it in hand is gone.
                let others = others(state, tried, succeeded);
                match others.get(choices.below(others.len() + 1)) {
                    Some(other) => *other,
                    None => return,
                }
            } else if let Some(plain) = plain {
                (plain, false)
            } else {
                return;
            };
            self.step_to(index, to, by_hand);
            // The next attempt is the next round's.
            if to == S::Pending {
                return;
            }
        }
    }

    fn is_done(&self) -> bool {
        self.task.steps.iter().all(StepHistory::is_satisfied)
    }

    fn any_step(&self, wanted: impl Fn(StepState) -> bool) -> bool {
        let mut states = self.task.steps.iter().filter_map(StepHistory::state);
        states.any(wanted)
    }

    fn is_ready(&self, index: usize) -> bool {
        let step = &self.task.steps[index];
        let mut parents = self
            .task
            .edges
            .iter()
            .filter(|edge| edge.child == step.step);
        step.state() == Some(StepState::Pending)
            && step.attempts < step.max_attempts
            && parents.all(|edge| {
                self.task
                    .step(edge.parent)
                    .is_some_and(StepHistory::is_satisfied)
            })
    }
}

/// Every edge of the engine's table that a step may take, and what an operator may do by hand.
fn others(state: StepState, tried: bool, succeeded: bool) -> Vec<(StepState, bool)> {
    use StepState as S;
    if state.is_terminal() {
        return Vec::new();
    }
    let may = |to: &S| match to {
        S::Enqueued | S::InProgress => !tried,
        S::EnqueuedForOrchestration => !succeeded,
        _ => true,
    };
    let all = S::ALL.iter().copied();
    let legal = all.filter(|to| to.follows(Some(state)) && may(to));
    let mut others: Vec<(S, bool)> = legal.map(|to| (to, false)).collect();
    others.extend([(S::Complete, true), (S::ResolvedManually, true)]);
    if state == S::Error {
        others.push((S::Pending, true));
    }
    others
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
