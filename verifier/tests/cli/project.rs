//! A copy of this project's configuration in a folder of its own, free to be broken.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Gone when dropped.
pub struct Project {
    root: PathBuf,
}

impl Project {
    pub fn healthy() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cluster-verify-cli-{}-{number}", std::process::id());
        let root = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&root).expect("a temporary folder");
        // The program prints the folder as the system has it, beyond any link.
        let root = root.canonicalize().expect("the folder exists");
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        copy(&ours.join("config"), &root.join("config"));
        copy(
            &ours.join("process-compose.yaml"),
            &root.join("process-compose.yaml"),
        );
        Self { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, relative: &str) -> String {
        self.root.join(relative).display().to_string()
    }

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.root.join(relative)).expect("the file exists")
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.root.join(relative);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub fn replace(&self, relative: &str, from: &str, to: &str) {
        let text = self.read(relative);
        assert!(text.contains(from), "{relative} has no {from:?}");
        self.write(relative, &text.replacen(from, to, 1));
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // A folder that stays behind fails no test.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("the folder can be listed") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).expect("the file can be copied");
    }
}
