//! The cluster as other files would describe it.

use std::path::{Path, PathBuf};
use std::process::Command;

use cluster_verify::topology::{self, Topology};

use crate::cluster::Cluster;

/// What of a project is looked at.
const PARTS: [&str; 3] = ["config", "tools/tools.toml", "process-compose.yaml"];

/// A copy of the project whose files can be changed, while the cluster's own stay; it goes when it is dropped.
pub struct Described {
    root: PathBuf,
    path: String,
}

impl Described {
    pub fn new(cluster: &Cluster) -> Self {
        let root = cluster.state().join("described");
        // Of an earlier run that was killed.
        let _ = std::fs::remove_dir_all(&root);
        for part in PARTS {
            copy(&cluster.project.root.join(part), &root.join(part));
        }
        let path = root.display().to_string();
        Self { root, path }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// Changes the text of a file.
    pub fn change(&self, file: &str, change: impl FnOnce(&str) -> String) {
        let path = self.root.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "{file} is not changed");
        std::fs::write(path, changed).unwrap();
    }

    /// Renders all, and returns the cluster that is described now.
    pub fn rendered(&self, cluster: &Cluster) -> Topology {
        let rendered = cluster.verify(&["--project", &self.path, "render"]);
        assert!(rendered.status.success(), "{rendered:?}");
        topology::load(&self.root, &cluster.project.recorded_selection().unwrap()).unwrap()
    }

    /// Puts the project's own files back.
    pub fn restore(&self, cluster: &Cluster, files: &[&str]) {
        for file in files {
            std::fs::copy(cluster.project.path(file), self.root.join(file)).unwrap();
        }
        self.rendered(cluster);
    }
}

impl Drop for Described {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let copied = Command::new("cp").arg("-R").arg(from).arg(to).status();
    assert!(copied.unwrap().success(), "{from:?} cannot be copied");
}

/// A folder with one template, of another namespace than any of the cluster's; it goes when it is dropped.
pub struct OtherTemplates(PathBuf);

impl OtherTemplates {
    pub fn new(cluster: &Cluster) -> Self {
        let folder = cluster.state().join("other-templates");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("other.yaml"), OTHER).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> String {
        self.0.display().to_string()
    }

    /// Takes it away from whoever has read it.
    pub fn remove(&self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

impl Drop for OtherTemplates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const OTHER: &str = "\
name: other
namespace_name: rust_e2e_linear_elsewhere
version: 1.0.0
steps:
  - name: only
    handler: {callable: linear_step_1, initialization: {}}
    dependencies: []
    retry: {retryable: true, max_attempts: 1, backoff: exponential}
";
