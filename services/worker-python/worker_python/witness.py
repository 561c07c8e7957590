"""The witness file: what the handlers of this process really did, independent of the database.

A line is one `write` on a descriptor in append mode: it is in the file before the handler goes on, a SIGKILL
loses at most the line of the end, and lines of several threads never mix.
"""

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import WorkerError
from .log import timestamp

LOG = logging.getLogger(__name__)

FORMAT_VERSION = 1
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class StepRun:
    """Which step a handler runs for, and in which attempt."""

    task: str
    step: str
    step_name: str
    namespace: str
    attempt: int


class Outcome:
    """How a run ended; a run that nobody called successful has failed."""

    ok = False


class Witness:
    """Writes the witness lines of one instance. Thread-safe."""

    def __init__(self, path: Path, instance: str, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._instance = instance
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        try:
            self._descriptor = self._open()
        except OSError as error:
            raise WorkerError(f"cannot write the witness file {path}: {error.strerror}; see to its folder") from error

    @contextmanager
    def run(self, step: StepRun) -> Iterator[Outcome]:
        """Wraps one run of a handler: a line at its start, a line at its end."""
        line = {
            "v": FORMAT_VERSION,
            "event": "started",
            "run": str(uuid.uuid4()),
            "task": step.task,
            "step": step.step,
            "step_name": step.step_name,
            "namespace": step.namespace,
            "attempt": step.attempt,
            "instance": self._instance,
            "pid": os.getpid(),
        }
        outcome = Outcome()
        self._write(line)
        try:
            yield outcome
        finally:
            self._write(line | {"event": "finished"}, ok=outcome.ok)

    def _write(self, line: dict[str, object], **last: object) -> None:
        now = {"wall": timestamp(), "mono_ns": time.clock_gettime_ns(time.CLOCK_MONOTONIC)}
        data = json.dumps(line | now | last, separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock:
                if os.fstat(self._descriptor).st_size >= self._max_bytes:
                    self._rotate()
                os.write(self._descriptor, data)
        except OSError as error:
            # The step is worth more than the record of it; the verifier misses the line.
            LOG.error("cannot write the witness file %s: %s; free space on its disk", self._path, error)

    def _rotate(self) -> None:
        os.replace(self._path, f"{self._path}.1")
        full, self._descriptor = self._descriptor, self._open()
        os.close(full)

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(descriptor).st_size
        # A full disk may have cut the last line of an earlier process short; ours must not continue it.
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            os.write(descriptor, b"\n")
        return descriptor
