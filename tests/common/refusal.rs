//! Creates that the engine refuses for a reason that is known, by the server's own log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::outcome::{self, Outcome};
use crate::{Environment, Sent, wait_until};

/// How far back in the log the line may be.
const TAIL: u64 = 1 << 19;
/// The line passes through the supervisor before it is in the file.
const UNTIL_LOGGED: Duration = Duration::from_secs(1);
/// Of two creates that use a step's name for the first time both look for it, then both insert it.
const CLASH: &str = "named_steps_name_unique";
const REASON: &str = "two servers that create the first tasks with a step's name at once both look for the \
    name, then both insert it: one create is refused";

/// Whether the server refused the create because another one was inserting the same step name. It is
/// recorded as known, and leaves nothing behind; with `TASKER_TEST_STRICT=1` it is not excused.
pub(crate) async fn is_known(sent: &Sent) -> Result<bool> {
    if sent.answer.is_ok() || outcome::is_strict() {
        return Ok(false);
    }
    let about = format!(
        "namespace={} task_name={}",
        sent.request.namespace, sent.request.name
    );
    let logged = wait_until(UNTIL_LOGGED, async || {
        let log = tail(&sent.via)?;
        let mut lines = log.lines().rev();
        ensure!(
            lines.any(|line| line.contains(&about) && line.contains(CLASH)),
            "not logged"
        );
        Ok(())
    })
    .await;
    if logged.is_err() {
        return Ok(false);
    }
    outcome::record(&Outcome::Known {
        code: "CV501",
        count: 1,
        reason: REASON,
    })?;
    Ok(true)
}

fn tail(instance: &str) -> Result<String> {
    let path = Environment::get()
        .project
        .state
        .join("logs")
        .join(format!("{instance}.log"));
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
