"""What the engine prints while it starts and stops.

The wheel has no call that returns the id under which the engine records this worker's results, and its log line
does. Its configuration loader also logs the database's URL with the password in it, and reports a bad variable by
a panic. So the engine prints into a file of the run folder meanwhile, which is passed on, masked, at the end.

A file and not a pipe: the wheel holds Python's lock throughout, so that nobody could read the pipe, and the engine
would wait for ever once it is full. A worker that is killed meanwhile leaves the file behind to look at.
"""

import os
import sys
from pathlib import Path
from types import TracebackType

from .log import masked

_STDOUT, _STDERR = 1, 2


class EngineOutput:
    """Sends this process's stdout and stderr to a file, and on to where they led when it is left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved: tuple[int, int] | None = None

    def __enter__(self) -> "EngineOutput":
        self._flush()
        self._saved = (os.dup(_STDOUT), os.dup(_STDERR))
        target = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(target, _STDOUT)
        os.dup2(target, _STDERR)
        os.close(target)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._flush()
        if self._saved is None:
            return
        for saved, standard in zip(self._saved, (_STDOUT, _STDERR), strict=True):
            os.dup2(saved, standard)
            os.close(saved)
        self._saved = None
        sys.stderr.write(masked(self.text()))
        sys.stderr.flush()
        self._path.unlink(missing_ok=True)

    def text(self) -> str:
        """Everything printed so far; unmasked."""
        return self._path.read_text(encoding="utf-8", errors="replace")

    @staticmethod
    def _flush() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
