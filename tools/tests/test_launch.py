"""services/launch: the place and the environment that an instance starts in."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from toolchain.pins import TOOLS

LAUNCH = TOOLS.parent / "services" / "launch"
SHOW = 'echo "pid=$$"; echo "cwd=$PWD"; env'


class Launch(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.state = self.root / "state"
        (self.root / "services").mkdir()
        shutil.copy(LAUNCH, self.root / "services" / "launch")
        (self.root / "engine.toml").touch()
        self.state.mkdir()
        (self.state / "database.password").write_text("secret\n", encoding="utf-8")
        self.environment = {
            "PATH": os.environ["PATH"],
            "TASKER_CLUSTER_STATE": str(self.state),
            "TASKER_CONFIG_PATH": "engine.toml",
            "TASKER_POSTGRES_PORT": "25432",
            "TASKER_POSTGRES_DATABASE": "tasker",
        }

    def launch(self, *arguments):
        return subprocess.run(
            [self.root / "services" / "launch", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def shown(self, *arguments):
        done = self.launch("worker-rust-1", *(arguments or ("sh", "-c", SHOW)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def refused(self, *arguments):
        done = self.launch(*arguments)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertNotIn("secret", done.stderr)
        return done.stderr

    def test_it_starts_in_a_folder_of_its_own(self):
        shown = self.shown()

        self.assertEqual(shown["cwd"], f"{self.state}/run/worker-rust-1")
        self.assertEqual(shown["TASKER_RUN_DIR"], shown["cwd"])
        self.assertEqual(shown["TASKER_WITNESS_FILE"], f"{self.state}/witness/worker-rust-1.jsonl")

    def test_what_an_earlier_start_left_in_the_folder_is_gone(self):
        left_over = self.state / "run" / "worker-rust-1" / ".env"
        left_over.parent.mkdir(parents=True)
        left_over.write_text("TASKER_TEMPLATE_PATH=/elsewhere", encoding="utf-8")

        self.shown()

        self.assertEqual(left_over.read_text(encoding="utf-8"), "")

    def test_an_empty_dotenv_file_keeps_those_above_it_out(self):
        self.shown()

        self.assertEqual((self.state / "run" / "worker-rust-1" / ".env").read_bytes(), b"")

    def running(self, folder):
        process = subprocess.Popen(["sleep", "60"], cwd=folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        (self.state / "pids").mkdir()
        (self.state / "pids" / "worker-rust-1.pid").write_text(f"{process.pid}\n", encoding="utf-8")
        return process.pid

    def test_the_folder_of_an_instance_that_still_runs_is_left_alone(self):
        folder = self.state / "run" / "worker-rust-1"
        folder.mkdir(parents=True)
        (folder / "identity.json").touch()
        pid = self.running(folder)

        self.assertIn(f"already runs as pid {pid}: ./dev stop worker-rust-1", self.refused("worker-rust-1", "true"))

        self.assertTrue((folder / "identity.json").exists())

    def test_a_pid_that_the_system_gave_to_another_process_is_no_obstacle(self):
        self.running(self.root)

        self.shown()

    def test_the_pid_file_names_the_service_itself(self):
        pid = self.shown()["pid"]

        self.assertEqual((self.state / "pids" / "worker-rust-1.pid").read_text(encoding="utf-8"), f"{pid}\n")

    def test_the_database_is_reached_with_the_password_of_the_file(self):
        self.assertEqual(self.shown()["DATABASE_URL"], "postgresql://tasker:secret@127.0.0.1:25432/tasker")

    def test_the_queues_have_a_database_of_their_own_only_where_the_cluster_says_so(self):
        self.environment["PGMQ_DATABASE_URL"] = "postgresql://elsewhere/queues"

        self.assertNotIn("PGMQ_DATABASE_URL", self.shown())

        self.environment["PGMQ_DATABASE"] = "queues"
        self.assertEqual(self.shown()["PGMQ_DATABASE_URL"], "postgresql://tasker:secret@127.0.0.1:25432/queues")

    def test_paths_from_the_root_become_absolute(self):
        self.environment["TASKER_TEMPLATE_PATH"] = "templates/rust"

        shown = self.shown()

        self.assertEqual(shown["TASKER_CONFIG_PATH"], f"{self.root}/engine.toml")
        self.assertEqual(shown["TASKER_TEMPLATE_PATH"], f"{self.root}/templates/rust")

    def test_a_script_of_the_project_is_found_from_the_new_folder(self):
        script = self.root / "services" / "main.sh"
        script.write_text(SHOW, encoding="utf-8")

        self.assertEqual(self.shown("sh", "services/main.sh")["cwd"], f"{self.state}/run/worker-rust-1")

    def test_without_a_password_it_names_the_file(self):
        (self.state / "database.password").unlink()

        self.assertIn(f"{self.state}/database.password", self.refused("worker-rust-1", "true"))

    def test_without_an_engine_configuration_it_names_the_variable(self):
        self.environment["TASKER_CONFIG_PATH"] = "none.toml"

        self.assertIn("TASKER_CONFIG_PATH=", self.refused("worker-rust-1", "true"))

    def test_a_command_that_was_not_built_is_named(self):
        self.assertIn("no-such-worker", self.refused("worker-rust-1", "no-such-worker"))

    def test_a_name_that_would_leave_the_state_folder_is_refused(self):
        self.assertIn("no instance name", self.refused("../../etc", "true"))
