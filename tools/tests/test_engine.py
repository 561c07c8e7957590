"""tools/dev/lib/engine.py: a checkout of the engine in the place of its published crates."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from toolchain.pins import TOOLS

ENGINE = TOOLS / "dev" / "lib" / "engine.py"
NAMES = ("client", "orchestration", "pgmq", "shared", "worker")


class Engine(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.project = self.root / "project"
        self.workspace = self.root / "workspace"
        self.checkout = self.root / "tasker-core"
        (self.project / "services").mkdir(parents=True)
        (self.project / "config").mkdir()
        dependencies = "".join(f'tasker-{name} = "=0.1.8"\n' for name in NAMES)
        self.write(self.project / "Cargo.toml", f"[workspace.dependencies]\n{dependencies}")
        self.write(self.project / "Cargo.lock", "version = 4\n")
        self.write(self.checkout / "Cargo.toml", '[workspace]\nmembers = []\n[workspace.package]\nversion = "0.2.0"\n')
        for name in NAMES:
            package = f'[package]\nname = "tasker-{name}"\nversion.workspace = true\n'
            self.write(self.checkout / f"tasker-{name}" / "Cargo.toml", package)
        self.write(self.checkout / "tasker-shared" / "migrations" / "20300101000001_later.sql", "")

    def write(self, file, text):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run_engine(self, *arguments):
        command = [sys.executable, ENGINE, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def prepare(self):
        done = self.run_engine("prepare", self.project, self.checkout, self.workspace)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def record(self):
        return json.loads((self.workspace / "engine.json").read_text(encoding="utf-8"))

    def refused(self, *arguments):
        done = self.run_engine(*arguments)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr.count("\n"), 1)
        return done.stderr

    def test_each_crate_is_patched_in_by_an_argument_of_cargo(self):
        arguments = self.prepare()

        self.assertEqual(arguments.count("--config"), len(NAMES))
        self.assertIn(f'patch.crates-io.tasker-pgmq.path="{self.checkout}/tasker-pgmq"', arguments)

    def test_the_workspace_asks_for_the_checkouts_version_and_the_project_stays_as_it_is(self):
        before = (self.project / "Cargo.toml").read_text(encoding="utf-8")

        self.prepare()

        self.assertIn('tasker-worker = "=0.2.0"', (self.workspace / "Cargo.toml").read_text(encoding="utf-8"))
        self.assertEqual((self.project / "Cargo.toml").read_text(encoding="utf-8"), before)
        self.assertEqual((self.workspace / "services").resolve(), self.project / "services")

    def test_a_project_that_was_moved_is_built_from_its_new_place(self):
        self.prepare()
        self.project = self.project.rename(self.root / "moved")

        self.prepare()

        self.assertEqual((self.workspace / "services").resolve(), self.root / "moved" / "services")

    def test_crates_without_a_repository_are_told_apart_by_their_content(self):
        self.prepare()
        first = self.record()
        self.write(self.checkout / "tasker-shared" / "src" / "lib.rs", "// changed\n")
        self.prepare()

        self.assertEqual((first["version"], first["commit"], first["path"]), ("0.2.0", None, str(self.checkout)))
        self.assertEqual(first["migrations"], [20300101000001])
        self.assertNotEqual(self.record()["content"], first["content"])

    def git(self, *arguments):
        identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        command = ["git", "-C", self.checkout, *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def test_a_repository_is_named_by_its_commit_and_by_whether_files_were_changed_since(self):
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "engine")
        self.prepare()
        self.assertEqual(self.record()["commit"], self.git("rev-parse", "HEAD"))

        self.write(self.checkout / "Cargo.toml", (self.checkout / "Cargo.toml").read_text(encoding="utf-8") + "\n")
        self.prepare()
        self.assertEqual(self.record()["commit"], self.git("rev-parse", "HEAD") + "-dirty")

    def test_a_folder_without_the_crates_is_refused_by_what_is_missing(self):
        self.write(self.root / "other" / "Cargo.toml", '[package]\nname = "tasker-shared"\nversion = "1.0.0"\n')

        told = self.refused("prepare", self.project, self.root / "other", self.workspace)

        self.assertIn("no crate tasker-client, tasker-orchestration, tasker-pgmq, tasker-worker", told)
        self.assertIn("is no folder", self.refused("prepare", self.project, self.root / "none", self.workspace))

    def test_the_local_file_names_a_path_from_the_projects_root(self):
        self.assertEqual(self.run_engine("chosen", self.project).stdout, "")
        self.write(self.project / "config" / "cluster.local.toml", '[engine]\npath = "../tasker-core"\n')

        self.assertEqual(self.run_engine("chosen", self.project).stdout, str(self.checkout))

    def test_a_local_file_with_anything_else_is_refused(self):
        for text in ('[engine]\npth = "x"\n', "[engine]\npath = 1\n", "nonsense", "[database]\nport = 1\n"):
            with self.subTest(text):
                self.write(self.project / "config" / "cluster.local.toml", text)
                self.assertIn("config/cluster.local.toml", self.refused("chosen", self.project))

    def test_a_build_that_took_a_published_crate_all_the_same_is_refused(self):
        self.write(self.workspace / "Cargo.lock", '[[package]]\nname = "tasker-shared"\nversion = "0.2.0"\n')
        self.assertEqual(self.run_engine("verify", self.workspace).returncode, 0)

        self.write(self.workspace / "Cargo.lock", '[[package]]\nname = "tasker-shared"\nsource = "registry+x"\n')
        self.assertIn("took tasker-shared from the registry", self.refused("verify", self.workspace))
