//! The engine's two state machines: states and the edges between them (engine 0.1.8).

use serde::{Deserialize, Serialize};

/// A state machine: its states' names and the edges it allows.
pub trait State: Copy + Eq + std::fmt::Debug + Send + Sync + 'static {
    /// By its name in the database; one that the engine does not have is unknown.
    fn parse(name: &str) -> Self;
    fn name(self) -> &'static str;
    /// Whether the engine's own table has this edge; `None` is the beginning.
    fn follows(self, from: Option<Self>) -> bool;
    /// Whether nothing may come after it.
    fn is_terminal(self) -> bool;
    const COMPLETE: Self;
}

macro_rules! states {
    ($(#[$doc:meta])* $name:ident: $($variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($variant,)+
            /// A name that this version of the engine does not have.
            Unknown,
        }

        impl $name {
            /// Every state that the engine has.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            fn from_name(name: &str) -> Self {
                match name { $($text => Self::$variant,)+ _ => Self::Unknown }
            }

            fn to_name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ Self::Unknown => "unknown" }
            }
        }
    };
}

states! {
    /// State of a task.
    TaskState:
    Pending = "pending",
    Initializing = "initializing",
    EnqueuingSteps = "enqueuing_steps",
    StepsInProcess = "steps_in_process",
    EvaluatingResults = "evaluating_results",
    WaitingForDependencies = "waiting_for_dependencies",
    WaitingForRetry = "waiting_for_retry",
    BlockedByFailures = "blocked_by_failures",
    Complete = "complete",
    Error = "error",
    Cancelled = "cancelled",
    ResolvedManually = "resolved_manually",
}

states! {
    /// State of a workflow step.
    StepState:
    Pending = "pending",
    Enqueued = "enqueued",
    InProgress = "in_progress",
    EnqueuedForOrchestration = "enqueued_for_orchestration",
    EnqueuedAsErrorForOrchestration = "enqueued_as_error_for_orchestration",
    WaitingForRetry = "waiting_for_retry",
    Complete = "complete",
    Error = "error",
    Cancelled = "cancelled",
    ResolvedManually = "resolved_manually",
}

impl State for TaskState {
    const COMPLETE: Self = Self::Complete;

    fn parse(name: &str) -> Self {
        Self::from_name(name)
    }

    fn name(self) -> &'static str {
        self.to_name()
    }

    fn follows(self, from: Option<Self>) -> bool {
        use TaskState::{
            BlockedByFailures, Cancelled, Complete, EnqueuingSteps, Error, EvaluatingResults,
            Initializing, Pending, ResolvedManually, StepsInProcess, Unknown,
            WaitingForDependencies, WaitingForRetry,
        };
        let Some(from) = from else {
            return self == Pending;
        };
        match self {
            Cancelled => return !from.is_terminal(),
            // An operator may resolve what is over, too.
            ResolvedManually => return true,
            _ => {}
        }
        match from {
            Pending => self == Initializing,
            Initializing => matches!(self, EnqueuingSteps | Complete | WaitingForDependencies),
            EnqueuingSteps => matches!(self, StepsInProcess | Error),
            StepsInProcess => {
                matches!(self, EvaluatingResults | WaitingForRetry | Complete | Error)
            }
            EvaluatingResults => matches!(
                self,
                Complete | EnqueuingSteps | WaitingForDependencies | BlockedByFailures
            ),
            WaitingForDependencies => self == EvaluatingResults,
            WaitingForRetry => self == EnqueuingSteps,
            BlockedByFailures => self == Error,
            // A reset.
            Error => self == Pending,
            Complete | Cancelled | ResolvedManually | Unknown => false,
        }
    }

    fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::Error | Self::Cancelled | Self::ResolvedManually
        )
    }
}

impl State for StepState {
    const COMPLETE: Self = Self::Complete;

    fn parse(name: &str) -> Self {
        Self::from_name(name)
    }

    fn name(self) -> &'static str {
        self.to_name()
    }

    fn follows(self, from: Option<Self>) -> bool {
        use StepState::{
            Cancelled, Complete, Enqueued, EnqueuedAsErrorForOrchestration,
            EnqueuedForOrchestration, Error, InProgress, Pending, ResolvedManually, Unknown,
            WaitingForRetry,
        };
        let Some(from) = from else {
            return self == Pending;
        };
        match self {
            Cancelled => return !from.is_terminal(),
            ResolvedManually => return true,
            _ => {}
        }
        match from {
            Pending => matches!(self, Enqueued | InProgress | Error | WaitingForRetry),
            Enqueued => matches!(self, InProgress | Error | WaitingForRetry),
            InProgress => matches!(
                self,
                EnqueuedForOrchestration
                    | EnqueuedAsErrorForOrchestration
                    | Complete
                    | Error
                    | WaitingForRetry
            ),
            EnqueuedForOrchestration => matches!(self, Complete | Error),
            EnqueuedAsErrorForOrchestration => matches!(self, Error | Complete | WaitingForRetry),
            Error | WaitingForRetry => self == Pending,
            Complete | Cancelled | ResolvedManually | Unknown => false,
        }
    }

    /// `error` is not terminal: a retry leads from it back to `pending`.
    fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::Cancelled | Self::ResolvedManually
        )
    }
}

impl StepState {
    /// Whether a queue or somebody's hands have it.
    pub const fn is_in_flight(self) -> bool {
        matches!(
            self,
            Self::Enqueued
                | Self::InProgress
                | Self::EnqueuedForOrchestration
                | Self::EnqueuedAsErrorForOrchestration
        )
    }

    /// Whether its result waits for a server.
    pub const fn is_handed_in(self) -> bool {
        matches!(
            self,
            Self::EnqueuedForOrchestration | Self::EnqueuedAsErrorForOrchestration
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_begins_pending_and_ends_complete() {
        assert!(TaskState::Pending.follows(None));
        assert!(!TaskState::Complete.follows(None));
        assert!(!TaskState::EnqueuingSteps.follows(Some(TaskState::Complete)));
    }

    #[test]
    fn a_step_may_be_retried_after_an_error_but_not_after_success() {
        assert!(StepState::Pending.follows(Some(StepState::Error)));
        assert!(!StepState::Pending.follows(Some(StepState::Complete)));
    }

    #[test]
    fn names_survive_a_round_trip() {
        assert_eq!(
            TaskState::parse("waiting_for_retry").name(),
            "waiting_for_retry"
        );
        assert_eq!(StepState::parse("no such state"), StepState::Unknown);
    }
}
