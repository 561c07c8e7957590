"""Calls of ./dev in a state folder of its own."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from toolchain.pins import TOOLS

DEV = TOOLS.parent / "dev"


class DevCase(unittest.TestCase):
    def setUp(self):
        self.state = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        # As root the database would else lie in a system folder.
        self.state.chmod(0o755)
        self.variables = {
            "DEV_TOOLCHAIN": "fallback",
            "TASKER_CLUSTER_STATE": str(self.state),
            "TASKER_PORT_OFFSET": "27000",
        }

    def dev(self, *arguments):
        return self.run_command(DEV, *arguments)

    def run_command(self, *words, cwd=None):
        return subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def stand_in(self, name, script):
        """A program that comes first on PATH and is made for one test."""
        folder = self.state / "stand-ins"
        folder.mkdir(exist_ok=True)
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        self.variables["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
        return program
