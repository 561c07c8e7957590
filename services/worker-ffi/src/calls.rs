//! Counts the calls that are inside the library, so that stopping can wait for them before it takes things away.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub struct Calls {
    inside: Mutex<usize>,
    left: Condvar,
}

/// One call; counted until dropped.
#[derive(Debug)]
pub struct Call<'a>(&'a Calls);

impl Calls {
    pub fn enter(&self) -> Call<'_> {
        *self.lock() += 1;
        Call(self)
    }

    /// `true` when no call is inside any more, `false` when time ran out first.
    pub fn wait_until_none(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut inside = self.lock();
        while *inside > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            inside = self
                .left
                .wait_timeout(inside, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_a_call_in_another_thread() {
        let calls = Calls::default();
        let call = calls.enter();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| calls.wait_until_none(Duration::from_secs(10)));
            drop(call);
            assert!(waiter.join().unwrap());
        });
    }

    #[test]
    fn it_gives_up_on_a_call_that_stays() {
        let calls = Calls::default();
        let _call = calls.enter();

        assert!(!calls.wait_until_none(Duration::from_millis(5)));
    }
}
