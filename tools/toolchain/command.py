"""Runs the package managers, and ends them when the installation ends."""

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path

from .errors import InstallError, StoppedError, explain


class Commands:
    """Every child in a process group of its own, so that all of it can be stopped."""

    def __init__(self):
        self._children: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        what: str,
        arguments: list[str],
        *,
        log: Path,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> str:
        """Its standard output; what it says besides is in `log`, and all of it when it fails."""
        with log.open("ab") as errors:
            begin = errors.tell()
            child = self._start(what, arguments, errors, cwd, env)
            try:
                output, _ = child.communicate()
            finally:
                with self._lock:
                    self._children.discard(child)
        if self._stopped:
            raise StoppedError
        if child.returncode != 0:
            with log.open("ab+") as said:
                said.write(output)
                said.seek(begin)
                raise explain(what, said.read().decode(errors="replace"), log)
        return output.decode(errors="replace")

    def stop(self) -> None:
        """Ends every child with its group; nothing starts after this."""
        with self._lock:
            self._stopped = True
            children = list(self._children)
        for sent in (signal.SIGTERM, signal.SIGKILL):
            for child in children:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, sent)
            for child in children:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=3)

    def _start(self, what, arguments, errors, cwd, env) -> subprocess.Popen:
        with self._lock:
            if self._stopped:
                raise StoppedError
            try:
                child = subprocess.Popen(
                    arguments,
                    cwd=cwd,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise InstallError(f"{what}: there is no command {arguments[0]}") from None
            self._children.add(child)
            return child
