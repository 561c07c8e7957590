"""Runs the package managers, and ends them when the installation ends."""

import contextlib
import os
import shutil
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
        # Where it exists, it ends a child when the installer itself is killed.
        setpriv = shutil.which("setpriv")
        self._leash = [setpriv, "--pdeathsig", "TERM"] if setpriv else []

    def run(
        self,
        what: str,
        arguments: list[str],
        *,
        log: Path,
        cwd: Path | None,
        env: dict[str, str],
    ) -> str:
        """Its standard output. When it fails, `log` has all that it said."""
        child = self._start(what, arguments, cwd, env)
        try:
            # Kept in memory: on a full disk a log file would lose the very reason.
            output, errors = child.communicate()
        finally:
            with self._lock:
                self._children.discard(child)
        if self._stopped:
            raise StoppedError
        if child.returncode != 0:
            with contextlib.suppress(OSError):
                log.write_bytes(errors + output)
            raise explain(what, (output + errors).decode(errors="replace"), log)
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

    def _start(self, what, arguments, cwd, env) -> subprocess.Popen:
        with self._lock:
            if self._stopped:
                raise StoppedError
            if shutil.which(arguments[0]) is None:
                raise InstallError(f"{what}: there is no command {arguments[0]}")
            child = subprocess.Popen(
                [*self._leash, *arguments],
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._children.add(child)
            return child
