"""What the engine logs while it starts.

The wheel has no call that returns the id under which the engine records this worker's results, and its log has it.
The engine's configuration loader also logs the database's URL with the password in it. So the engine's log goes into a
file of the run folder meanwhile, which is passed on, masked, at the end.

A file and not a pipe: the wheel holds Python's lock throughout, so that nobody could read the pipe, and the engine
would wait for ever once it is full. A worker that is killed meanwhile leaves the file behind to look at.
"""

import os
import sys
from pathlib import Path
from types import TracebackType

from .log import masked

_STDOUT = 1


class EngineLog:
    """Sends this process's stdout, where the engine logs, to a file, and the file's text to stderr at the end.

    Stderr stays as it is: the engine's last words, should it abort, go there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stdout: int | None = None

    def __enter__(self) -> "EngineLog":
        sys.stdout.flush()
        self._stdout = os.dup(_STDOUT)
        # It holds the password until it is masked.
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(file, _STDOUT)
        os.close(file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._stdout is None:
            return
        sys.stdout.flush()
        os.dup2(self._stdout, _STDOUT)
        os.close(self._stdout)
        self._stdout = None
        sys.stderr.write(masked(self.text()))
        sys.stderr.flush()
        self._path.unlink(missing_ok=True)

    def text(self) -> str:
        """Everything logged so far; unmasked."""
        return self._path.read_text(encoding="utf-8", errors="replace")
