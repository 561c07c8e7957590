"""What the engine logs is kept back, searched and passed on without passwords."""

import os
import subprocess
import sys
from pathlib import Path
from unittest import TestCase

from .support import folder

PACKAGE = Path(__file__).resolve().parents[1]

# In a process of its own: the descriptors of the tests' stay as they are.
SCRIPT = """
import os, sys
from pathlib import Path
from worker_python.engine_log import EngineLog

log = EngineLog(Path(sys.argv[1]))
with log:
    os.write(1, b"worker_id=worker_1 postgresql://u:s3cret@h/d\\n")
    os.write(2, b"panicked\\n")
    seen = log.text()
print("after", "worker_1" in seen, "panicked" in seen, flush=True)
"""


class Log(TestCase):
    def test_the_log_is_searched_then_passed_on_masked_to_stderr(self) -> None:
        path = folder(self) / "engine.log"

        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(path)],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

        self.assertEqual(done.stdout, "after True False\n")
        self.assertEqual(done.stderr, "panicked\nworker_id=worker_1 postgresql://u:***@h/d\n")
        self.assertFalse(path.exists())
