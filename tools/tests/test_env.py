"""tools/env.sh where something is in the way."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from toolchain.pins import TOOLS


class Copies(unittest.TestCase):
    def test_a_copy_that_fails_leaves_nothing_and_says_so_once(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "postgres-1").mkdir()
        stand_in = folder / "cp"
        stand_in.write_text('#!/bin/sh\nmkdir -p "$3"\necho no space >&2\nexit 1\n')
        stand_in.chmod(0o755)
        script = (
            f'. "{TOOLS}/env.sh"; PATH={folder}:$PATH; tasker_copy_for_nobody "{folder}/postgres-1" "{folder}/to/x"'
        )
        environment = {**os.environ, "TASKER_CLUSTER_STATE": str(folder / "state")}

        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)

        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr,
            f"cannot copy postgres-1 to {folder}/to/x for PostgreSQL's user: make room there, then try again\n",
        )
        self.assertEqual(list((folder / "to").iterdir()), [])
