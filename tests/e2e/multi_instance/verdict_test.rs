//! The cluster under test is the one that was rendered: every instance serves what it should.

use anyhow::Result;

use crate::common::{Verdict, turn};

/// Without it a worker on the wrong templates would go unnoticed while its sibling does the work.
#[tokio::test]
async fn every_instance_is_what_it_was_rendered_as_and_takes_from_its_queues() -> Result<()> {
    // Alone, since a server that is busy says that it is not well.
    let _turn = turn::alone()?;

    Verdict::of_cluster().await?.accept()
}
