"""What every test of the flake can say."""

import json
import subprocess
import unittest
from pathlib import Path
from typing import ClassVar

from room import Room


class FlakeTest(unittest.TestCase):
    room: ClassVar[Room]
    maxDiff = None

    def passes(self, *arguments: str, **options) -> str:
        """Runs `nix ARGUMENTS`, which must succeed; answers its standard output."""
        done = self.room.nix(*arguments, **options)
        self.assertEqual(done.returncode, 0, transcript(arguments, done))
        return done.stdout

    def fails(self, *arguments: str, because: str | tuple[str, ...], flake: Path, **options) -> None:
        """Runs `nix ARGUMENTS`, which must fail and say why: in one of the wordings, where versions differ."""
        done = self.room.nix(*arguments, flake=flake, **options)
        self.assertNotEqual(done.returncode, 0, transcript(arguments, done))
        reasons = (because,) if isinstance(because, str) else because
        said = " ".join(done.stderr.split())
        self.assertTrue(any(reason in said for reason in reasons), f"none of {reasons}\n{transcript(arguments, done)}")

    def evaluates(self, attribute: str, function: str = "value: value", **options):
        """The value of one of the flake's outputs."""
        arguments = ["eval", "--json", f"path:.#{attribute}", "--apply", function]
        return json.loads(self.passes(*arguments, **options))


def transcript(arguments: tuple[str, ...], done: subprocess.CompletedProcess) -> str:
    return f"nix {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
