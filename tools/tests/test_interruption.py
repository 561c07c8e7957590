"""The installer when somebody ends it: which signals count, and what is waited for."""

import io
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from toolchain.command import Commands
from toolchain.errors import INTERRUPTED, StoppedError
from toolchain.pins import TOOLS

INSTALL = """
import sys, time
import install

def slowly(*_):
    print("begun", flush=True)
    time.sleep(30)

install.install = slowly
sys.argv = ["install.py"]
sys.exit(install.main())
"""


class Signals(unittest.TestCase):
    def ended_by(self, number, ignored=()):
        def ignore():
            # Whatever runs the tests may ignore some itself.
            for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(one, signal.SIG_IGN if one in ignored else signal.SIG_DFL)

        child = subprocess.Popen(
            [sys.executable, "-c", INSTALL],
            cwd=TOOLS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=ignore,
        )
        with child:
            self.assertEqual(child.stdout.readline(), "begun\n")
            child.send_signal(number)
            _, errors = child.communicate(timeout=20)
        self.assertIn("interrupted; what was finished is kept", errors)
        return child.returncode

    def test_each_of_the_three_ends_it_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                self.assertEqual(self.ended_by(number), INTERRUPTED)

    def test_a_request_to_end_counts_also_in_the_background(self):
        self.assertEqual(self.ended_by(signal.SIGTERM, ignored=[signal.SIGINT, signal.SIGHUP]), INTERRUPTED)


class Packages(unittest.TestCase):
    def test_what_must_not_be_cut_short_is_waited_for(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        said = io.StringIO()
        commands = Commands(said.write)
        script = "touch begun; while [ ! -e stop ]; do sleep 0.05; done; touch configured"

        def run():
            with self.assertRaises(StoppedError):
                commands.run(
                    "apt-get install", ["sh", "-c", script], log=folder / "log", cwd=folder, env={}, whole=True
                )

        running = threading.Thread(target=run)
        running.start()
        while not (folder / "begun").exists():
            self.assertTrue(running.is_alive())
        stopping = threading.Thread(target=commands.stop)
        stopping.start()
        while "waiting for apt-get install to end" not in said.getvalue():
            self.assertTrue(stopping.is_alive())
        (folder / "stop").touch()
        stopping.join(20)
        running.join(20)

        self.assertTrue((folder / "configured").exists())
