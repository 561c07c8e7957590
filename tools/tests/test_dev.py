"""./dev where nothing runs and nothing is built: what it says, and how it ends."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from toolchain.pins import TOOLS

DEV = TOOLS.parent / "dev"
COMMANDS = ("up", "down", "status", "logs", "check", "test", "shell")


class Dev(unittest.TestCase):
    def setUp(self):
        self.state = Path(self.enterContext(tempfile.TemporaryDirectory()))
        # As root the database would else lie in a system folder.
        self.state.chmod(0o755)

    def dev(self, *arguments):
        environment = {
            **os.environ,
            "DEV_TOOLCHAIN": "fallback",
            "TASKER_CLUSTER_STATE": str(self.state),
            "TASKER_PORT_OFFSET": "27000",
        }
        return subprocess.run(
            [DEV, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_every_command_is_listed_and_explains_itself(self):
        overview = self.dev("--help").stdout

        for command in COMMANDS:
            with self.subTest(command):
                told = self.dev(command, "--help")
                self.assertEqual(told.returncode, 0)
                self.assertTrue(told.stdout.startswith(f"Usage: ./dev {command}"), told.stdout)
                self.assertIn(f"\n  {command} ", overview)

    def test_a_wrong_command_or_option_ends_with_3_and_names_the_help(self):
        for words in (["frob"], ["up", "--frob"], ["down", "now"], ["logs", "--frob"], ["test", "no-such-stage"]):
            with self.subTest(words):
                told = self.dev(*words)
                self.assertEqual((told.returncode, told.stdout), (3, ""))
                self.assertRegex(told.stderr, r"^dev: .*(--help|tools/dev/stages/)")
                self.assertEqual(told.stderr.count("\n"), 1)

    def test_down_with_nothing_running_is_fine(self):
        told = self.dev("down")

        self.assertEqual((told.returncode, told.stderr), (0, "nothing was running\n"))

    def test_status_and_logs_of_nothing_name_the_next_command(self):
        for command in ("status", "logs"):
            with self.subTest(command):
                told = self.dev(command)
                if command == "status" and told.returncode == 0:
                    self.skipTest("cluster-verify is on PATH")
                self.assertIn("./dev up", told.stdout + told.stderr)
                self.assertEqual(told.returncode, 1)

    def test_a_state_folder_of_another_version_is_refused_and_kept(self):
        (self.state / "version").write_text("0\n", encoding="utf-8")
        (self.state / "precious").touch()

        told = self.dev("up", "--wait", "--no-build")

        self.assertEqual(told.returncode, 3)
        self.assertIn(f"rm -rf '{self.state}'", told.stderr)
        self.assertTrue((self.state / "precious").exists())

    def test_a_database_of_another_major_is_refused(self):
        data = self.state / "postgres" / "data"
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text("15\n", encoding="utf-8")

        told = self.dev("up", "--wait", "--no-build")

        self.assertEqual(told.returncode, 3)
        self.assertIn("PostgreSQL 15", told.stderr)
