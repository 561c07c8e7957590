"""The installed PostgreSQL starts, and the installed PGMQ takes a message and gives it back."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

NOBODY = 65534
QUESTIONS = """
CREATE EXTENSION pgmq;
SELECT extversion FROM pg_extension WHERE extname = 'pgmq';
SELECT FROM pgmq.create('checked');
SELECT pgmq.send('checked', '{"answer": 42}');
SELECT message ->> 'answer' FROM pgmq.read('checked', 30, 1);
"""


@unittest.skipUnless("TASKER_POSTGRES_BIN" in os.environ, "not in this project's shell")
class Extension(unittest.TestCase):
    def setUp(self):
        # Short, because a socket lies in it, and open to the server's user.
        self.folder = Path(tempfile.mkdtemp(prefix="pgmq-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)

    def run_program(self, program, *arguments, **options):
        as_whom = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [Path(os.environ["TASKER_POSTGRES_BIN"]) / program, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.folder,
            **as_whom,
            **options,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_message_comes_back(self):
        data = self.folder / "data"
        self.run_program("initdb", "--auth=trust", "--username=tasker", "--no-sync", "-D", data)
        settings = f"-k {self.folder} -c listen_addresses="
        extension = os.environ.get("TASKER_PGMQ_EXTENSION_PATH")
        if extension:
            settings += f" -c extension_control_path={extension}:$system"
        log = self.folder / "log"
        self.run_program("pg_ctl", "-D", data, "-l", log, "-o", settings, "-w", "start")
        try:
            arguments = ["-h", self.folder, "-U", "tasker", "-d", "postgres", "-At", "-v", "ON_ERROR_STOP=1"]
            answers = self.run_program("psql", *arguments, "-f", "-", input=QUESTIONS).splitlines()
        finally:
            self.run_program("pg_ctl", "-D", data, "-m", "immediate", "stop")

        version, sent, read = [answer for answer in answers if answer and not answer.startswith("CREATE")]
        self.assertGreaterEqual(tuple(map(int, version.split("."))), (1, 8))
        self.assertEqual((sent, read), ("1", "42"))
