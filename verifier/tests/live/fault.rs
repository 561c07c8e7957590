//! A fault: made, seen, mended, and gone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cluster::Cluster;
use crate::told::Verdict;

/// Puts the cluster right when a test ends, also when it failed.
pub struct Repair<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for Repair<F> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return (self.0)();
        }
        // A second panic that leaves this would end all tests, and what failed first would not be told. It is told, too.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.0)()));
    }
}

/// Breaks the cluster, looks, mends it, and looks again the same way.
///
/// The first look must tell exactly these codes, beside what is known and what follows from another finding; the second
/// none of them, and nothing else that counts. What `breaks` returns is held while the cluster is broken. Answers the
/// first look.
pub fn broken<Held>(
    cluster: &Cluster,
    look: &[&str],
    codes: &[&str],
    breaks: impl FnOnce() -> Held,
    mends: impl FnMut(),
) -> Verdict {
    let verdict = {
        let _repair = Repair(mends);
        // Dropped before the repair: an instance that was started by hand is in its way.
        let _held = breaks();
        cluster.check(look)
    };
    cluster.wait_until_healthy();
    let after = cluster.check(look);

    // A warning may be left of an earlier test: process-compose never takes a restart back.
    let left = after.told();
    let told: Vec<String> = verdict.told();
    let new: Vec<&String> = told.iter().filter(|code| !left.contains(code)).collect();
    assert_eq!(new, codes, "while it is broken: {verdict}");
    assert_eq!(verdict.status, Some(1), "{verdict}");
    assert_eq!(after.status, Some(0), "after it: {after}");
    verdict
}

#[test]
fn a_repair_that_fails_too_does_not_hide_what_failed_first() {
    let failed = catch_unwind(|| {
        let _repair = Repair(|| panic!("the repair"));
        panic!("the test");
    });

    let told = failed.unwrap_err();
    assert_eq!(told.downcast_ref(), Some(&"the test"));
}
