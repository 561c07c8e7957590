//! How much of the cluster a check may take.

use std::time::{Duration, Instant};

/// How canaries, and looks at the history, follow one another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// As many at a time as are quickest. Tasks of others wait for them meanwhile.
    #[default]
    Quick,
    /// One at a time, over a few seconds: for the few canaries of a cluster that earlier checks have proven.
    Spread,
    /// One at a time, and then for nineteen times as long none: most tasks of others meet no canary.
    Gentle,
}

/// Canaries at work at a time under [`Pace::Quick`]. More are no quicker on two cores, make the tasks of others wait, and
/// fill a server's command channel, which then turns everybody away (docs/verifier-performance.md).
const OPEN: usize = 3;
/// Pauses, in times of what was at work before.
const GENTLE: u32 = 19;
const SPREAD: u32 = 7;
/// All canaries under [`Pace::Spread`]: where they are slow, they pause less.
const SPAN: Duration = Duration::from_secs(6);
/// After a canary that stands still.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

impl Pace {
    /// How long nothing is to be asked of the cluster after so much work.
    pub fn pause(self, worked: Duration) -> Duration {
        match self {
            Self::Quick => Duration::ZERO,
            Self::Spread => worked * SPREAD,
            Self::Gentle => (worked * GENTLE).min(LONGEST_PAUSE),
        }
    }
}

/// Says when the next canary may go.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    begun: Instant,
    /// When the last one went, until it is no longer at work.
    went: Option<Instant>,
    resume: Option<Instant>,
}

impl Pacer {
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            begun: Instant::now(),
            went: None,
            resume: None,
        }
    }

    /// Whether another one, of so many that wait, may go beside so many that are at work.
    pub fn admits(&mut self, at_work: usize, waiting: usize) -> bool {
        if self.pace == Pace::Quick {
            return at_work < OPEN;
        }
        if at_work > 0 {
            return false;
        }
        let now = Instant::now();
        if let Some(went) = self.went.take() {
            self.resume = Some(now + self.pause(now - went, waiting));
        }
        self.resume.is_none_or(|resume| now >= resume)
    }

    fn pause(&self, worked: Duration, waiting: usize) -> Duration {
        let pause = self.pace.pause(worked);
        if self.pace != Pace::Spread {
            return pause;
        }
        let left = SPAN.saturating_sub(self.begun.elapsed());
        pause.min(left / u32::try_from(waiting.max(1)).unwrap_or(u32::MAX))
    }

    /// One went.
    pub fn goes(&mut self) {
        self.went = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_is_bounded_by_what_is_at_work_alone() {
        let mut pacer = Pacer::new(Pace::Quick);
        pacer.goes();

        assert!(pacer.admits(OPEN - 1, 9));
        assert!(!pacer.admits(OPEN, 9));
    }

    #[test]
    fn gentle_pauses_nineteen_times_as_long_as_the_last_one_was_at_work() {
        let mut pacer = Pacer::new(Pace::Gentle);
        assert!(pacer.admits(0, 9));
        let went = Instant::now();
        pacer.goes();
        assert!(!pacer.admits(1, 9));
        std::thread::sleep(Duration::from_millis(10));
        let worked = went.elapsed();

        assert!(!pacer.admits(0, 9));
        while !pacer.admits(0, 9) {
            std::thread::yield_now();
        }

        assert!(
            went.elapsed() >= worked * (GENTLE + 1),
            "{:?}",
            went.elapsed()
        );
    }

    #[test]
    fn spread_ends_in_time_however_slow_the_canaries_are() {
        let slow = Duration::from_secs(1);
        let mut pacer = Pacer::new(Pace::Spread);
        assert!(!pacer.admits(1, 9));
        assert!(pacer.pause(slow, 12) <= SPAN / 12);
        assert_eq!(pacer.pause(SPAN / 100, 1), SPAN / 100 * SPREAD);

        pacer.begun = Instant::now() - SPAN;

        assert_eq!(pacer.pause(slow, 12), Duration::ZERO);
    }
}
