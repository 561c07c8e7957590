//! The process of an instance, as the operating system has it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cluster_verify::collect::system;

/// The process of an instance, by the pid file that its launcher wrote, if it works where the launcher
/// put it: the system gives the pid of one that ended away again.
///
/// # Errors
/// It does not run.
pub(crate) fn pid(state: &Path, instance: &str) -> Result<u32> {
    let path = state.join("pids").join(format!("{instance}.pid"));
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let pid = text
        .trim()
        .parse()
        .with_context(|| format!("the pid in {}", path.display()))?;
    let folder = state.join("run").join(instance);
    let folder = folder
        .canonicalize()
        .with_context(|| format!("{}", folder.display()))?;
    let works_in = system::working_folder(pid);
    ensure!(
        works_in.as_deref() == Some(folder.as_path()),
        "pid {pid} of {} is not {instance}: it works in {works_in:?}",
        path.display()
    );
    Ok(pid)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const INSTANCE: &str = "worker-rust-1";

    /// A state folder whose pid file names this process.
    fn state(pid: u32) -> tempfile::TempDir {
        let state = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(state.path().join("pids")).unwrap();
        std::fs::create_dir_all(state.path().join("run").join(INSTANCE)).unwrap();
        let file = state.path().join("pids").join(format!("{INSTANCE}.pid"));
        std::fs::write(file, format!("{pid}\n")).unwrap();
        state
    }

    #[test]
    fn a_process_that_works_in_the_instances_folder_is_the_instance() {
        let state = state(0);
        let folder = state.path().join("run").join(INSTANCE);
        let mut child = Command::new("sleep")
            .arg("60")
            .current_dir(folder)
            .spawn()
            .unwrap();
        let file = state.path().join("pids").join(format!("{INSTANCE}.pid"));
        std::fs::write(file, child.id().to_string()).unwrap();

        let found = pid(state.path(), INSTANCE);

        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found.unwrap(), child.id());
    }

    #[test]
    fn a_process_that_works_elsewhere_is_somebody_else() {
        let state = state(std::process::id());

        let error = pid(state.path(), INSTANCE).unwrap_err().to_string();

        assert!(error.contains("is not worker-rust-1"), "{error}");
    }

    #[test]
    fn a_pid_that_nobody_has_is_no_instance() {
        let state = state(u32::MAX / 2);

        assert!(pid(state.path(), INSTANCE).is_err());
    }
}
