"""Runs the package managers, and ends them when the installation ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from .errors import InstallError, StoppedError, explain


class Commands:
    """Every child in a process group of its own, so that all of it can be stopped."""

    def __init__(self, say: Callable[[str], None]):
        self._say = say
        self._children: set[subprocess.Popen] = set()
        # Never stopped, by what they are.
        self._whole: dict[subprocess.Popen, str] = {}
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
        whole: bool = False,
    ) -> str:
        """Its standard output. When it fails, `log` has all that it said. `whole`: once begun it is not stopped."""
        child = self._start(what, arguments, cwd, env, whole)
        try:
            # Kept in memory: on a full disk a log file would lose the very reason.
            output, errors = child.communicate()
        finally:
            with self._lock:
                self._children.discard(child)
                self._whole.pop(child, None)
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
            whole = dict(self._whole)
        for child, what in whole.items():
            self._say(f"  waiting for {what} to end (pid {child.pid}), since it may not be stopped in the middle")
        for sent in (signal.SIGTERM, signal.SIGKILL):
            for child in children:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, sent)
            for child in children:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=3)
        for child in whole:
            child.wait()

    def _start(self, what, arguments, cwd, env, whole) -> subprocess.Popen:
        with self._lock:
            if self._stopped:
                raise StoppedError
            if shutil.which(arguments[0]) is None:
                raise InstallError(f"{what}: there is no command {arguments[0]}")
            child = subprocess.Popen(
                arguments if whole else [*self._leash, *arguments],
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            if whole:
                self._whole[child] = what
            else:
                self._children.add(child)
            return child
