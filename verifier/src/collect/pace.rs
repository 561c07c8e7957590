//! How much of the cluster the canaries may take.

use std::time::{Duration, Instant};

/// How canaries follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As many as are quickest. Tasks of others wait for them meanwhile.
    Quick,
    /// One at a time, and then for nineteen times as long none: most tasks of others meet no canary.
    Gentle,
}

/// Canaries at work at a time under [`Pace::Quick`]. More are no quicker on two cores, make the tasks of others wait, and
/// fill a server's command channel, which then turns everybody away (docs/verifier-performance.md).
const OPEN: usize = 3;
const PAUSES: u32 = 19;
/// After a canary that stands still.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

/// Says when the next canary may go.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    /// When the last one went, until it is no longer at work.
    went: Option<Instant>,
    resume: Option<Instant>,
}

impl Pacer {
    pub const fn new(pace: Pace) -> Self {
        Self {
            pace,
            went: None,
            resume: None,
        }
    }

    /// Whether another one may go beside so many that are at work.
    pub fn admits(&mut self, at_work: usize) -> bool {
        match self.pace {
            Pace::Quick => at_work < OPEN,
            Pace::Gentle if at_work > 0 => false,
            Pace::Gentle => {
                let now = Instant::now();
                if let Some(went) = self.went.take() {
                    let pause = (now - went) * PAUSES;
                    self.resume = Some(now + pause.min(LONGEST_PAUSE));
                }
                self.resume.is_none_or(|resume| now >= resume)
            }
        }
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

        assert!(pacer.admits(OPEN - 1));
        assert!(!pacer.admits(OPEN));
    }

    #[test]
    fn gentle_pauses_nineteen_times_as_long_as_the_last_one_was_at_work() {
        let mut pacer = Pacer::new(Pace::Gentle);
        assert!(pacer.admits(0));
        let went = Instant::now();
        pacer.goes();
        assert!(!pacer.admits(1));
        std::thread::sleep(Duration::from_millis(10));
        let worked = went.elapsed();

        assert!(!pacer.admits(0));
        while !pacer.admits(0) {
            std::thread::yield_now();
        }

        assert!(
            went.elapsed() >= worked * (PAUSES + 1),
            "{:?}",
            went.elapsed()
        );
    }
}
