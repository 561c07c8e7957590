"""How the end of the engine is waited for, by what it logs."""

import os
import subprocess
import sys
from pathlib import Path
from unittest import TestCase

from .support import folder

PACKAGE = Path(__file__).resolve().parents[1]
STEP = "01a1fdd2-52af-7e5d-addf-6804f5ef1bf9"
OTHER = "01a1fdd2-52aa-72a5-94fb-6d0c48af9bae"
SENT = "tasker_worker: Step result processed and sent to orchestration successfully worker_id=worker_1 step_uuid="
FAILED = "tasker_worker: Failed to send step result to orchestration service_id=c step_uuid="

# In a process of its own, since stdout is led elsewhere meanwhile.
SCRIPT = """
import os, sys, time
from pathlib import Path
from worker_python.engine import Engine
from worker_python.settings import Address, Settings

here, step, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
address = Address("127.0.0.1", 1)
engine = Engine(Settings("i", address, address, here, here, here, here / "w", "info", 1))
with engine.results_followed():
    for line in sys.argv[4:]:
        os.write(1, line.encode() + b"\\n")
    start = time.monotonic()
    engine.wait_until_sent(step, start + seconds)
    waited = time.monotonic() - start
print(round(waited, 2))
"""


class WaitUntilSent(TestCase):
    def waited(self, seconds: float, *lines: str) -> float:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(folder(self)), STEP, str(seconds), *lines],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return float(done.stdout)

    def test_it_ends_when_the_result_is_sent_or_cannot_be(self) -> None:
        self.assertLess(self.waited(30, SENT + OTHER, SENT + STEP), 0.5)
        self.assertLess(self.waited(30, SENT + OTHER, FAILED + STEP + " error=x"), 0.5)

    def test_it_waits_for_this_very_step_up_to_the_deadline(self) -> None:
        self.assertGreaterEqual(self.waited(1.5, SENT + OTHER), 1.5)

    def test_a_log_that_tells_nothing_is_given_a_second(self) -> None:
        waited = self.waited(30)

        self.assertGreaterEqual(waited, 1)
        self.assertLess(waited, 2)
