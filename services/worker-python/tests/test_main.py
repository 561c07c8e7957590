"""What a user sees of the process itself: arguments, one line when it fails, exit statuses."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from unittest import TestCase

from .support import folder

MAIN = Path(__file__).resolve().parents[1] / "main.py"


class Process(TestCase):
    def setUp(self) -> None:
        self.folder = folder(self)
        config = self.folder / "worker.toml"
        config.write_text("[worker]\n")
        templates = self.folder / "templates"
        templates.mkdir()
        (templates / "t.yaml").write_text("{name: t, namespace_name: n, steps: []}\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "TASKER_INSTANCE_ID": "worker-python-1",
            "TASKER_WEB_BIND_ADDRESS": f"127.0.0.1:{self.free_port()}",
            "DATABASE_URL": f"postgresql://tasker:s3cret@127.0.0.1:{self.free_port()}/tasker",
            "TASKER_CONFIG_PATH": str(config),
            "TASKER_TEMPLATE_PATH": str(templates),
            "TASKER_RUN_DIR": str(self.folder),
            "TASKER_WITNESS_FILE": str(self.folder / "w.jsonl"),
        }

    def free_port(self) -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return listener.getsockname()[1]

    def run_main(self, *arguments: str, **change: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(MAIN), *arguments],
            env=self.environment | change,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_version_and_help(self) -> None:
        self.assertRegex(self.run_main("--version").stdout, r"^worker-python 0\.1\.0 \(tasker 0\.1\.8\)\n$")
        self.assertIn("Takes no arguments", self.run_main("--help").stdout)

    def test_an_unknown_argument_is_refused(self) -> None:
        done = self.run_main("--port")

        self.assertEqual((done.returncode, done.stderr.count("\n")), (3, 1))

    def test_a_wrong_environment_is_one_line_and_exit_status_3(self) -> None:
        done = self.run_main(TASKER_TEMPLATE_PATH="/nowhere")

        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertRegex(done.stderr, r"^worker-python-1: TASKER_TEMPLATE_PATH is no folder: /nowhere; [^\n]*\n$")

    def test_templates_that_the_engine_would_pass_over_are_named_before_it_is_asked(self) -> None:
        (self.folder / "templates" / "t.yaml").write_text("name: [")
        done = self.run_main()
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"^worker-python-1: \S+/t\.yaml: [^\n]*; correct it, or [^\n]*\n$")

        (self.folder / "templates" / "t.yaml").unlink()
        done = self.run_main()
        self.assertEqual(done.returncode, 3)
        self.assertIn("where there is no .yaml file", done.stderr)

    def test_a_fault_of_the_worker_itself_is_one_line(self) -> None:
        broken = self.folder / "broken"
        broken.mkdir()
        (broken / "tasker_core.py").write_text("raise ZeroDivisionError('by\\nzero')\n")

        done = self.run_main(PYTHONPATH=str(broken))

        self.assertEqual(done.returncode, 1)
        self.assertRegex(
            done.stderr,
            r"^worker-python-1: a fault of the worker itself: ZeroDivisionError: by zero \(\S+/tasker_core\.py:1\)\n$",
        )

    def test_a_database_that_is_not_there_is_named_without_its_password(self) -> None:
        done = self.run_main()

        last = done.stderr.splitlines()[-1]
        self.assertEqual(done.returncode, 1)
        self.assertRegex(last, r"^worker-python-1: PostgreSQL at 127\.0\.0\.1:\d+ cannot be reached: ")
        self.assertNotIn("s3cret", done.stdout + done.stderr)
        self.assertFalse((self.folder / "identity.json").exists())

    def test_a_port_that_is_taken_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.run_main(TASKER_WEB_BIND_ADDRESS=address)

        self.assertEqual(done.returncode, 1)
        self.assertIn(f"worker-python-1: {address} is taken", done.stderr.splitlines()[-1])

    def test_a_witness_that_cannot_be_written_is_named(self) -> None:
        done = self.run_main(TASKER_WITNESS_FILE="/dev/null/w.jsonl")

        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write the witness file", done.stderr.splitlines()[-1])
