"""The identity record: which process this instance is, and under which names the engine knows it."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import __version__
from .settings import SERVICE, Settings

FILE_NAME = "identity.json"


@dataclass(frozen=True)
class EngineIdentity:
    """What the engine calls this worker; all of it is new at each start."""

    version: str
    worker_uuid: str | None
    rest_id: str | None
    namespaces: Sequence[str]


def record(settings: Settings, engine: EngineIdentity, handlers: Sequence[str], started_at: str) -> dict[str, object]:
    """The identity record of this process."""
    return {
        "instance": settings.instance,
        "service": SERVICE,
        "pid": os.getpid(),
        "version": __version__,
        "engine_version": engine.version,
        "language": "python",
        # Resolved, as the operating system shows it: a virtual environment's `python` is a link.
        "executable": os.path.realpath(sys.executable),
        "started_at": started_at,
        "port": settings.web.port,
        # The engine gives each worker one, but the wheel neither returns it nor logs it, and a worker writes
        # it to no table: only an orchestration server's stands in `task_transitions`.
        "processor_uuid": None,
        "worker_uuid": engine.worker_uuid,
        "rest_id": engine.rest_id,
        "namespaces": sorted(engine.namespaces),
        "handlers": sorted(handlers),
    }


def write(run_dir: Path, identity: dict[str, object]) -> Path:
    """Writes the record as one line, all of it or nothing."""
    path = run_dir / FILE_NAME
    unfinished = path.with_suffix(".json.tmp")
    unfinished.write_text(json.dumps(identity, separators=(",", ":")) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
    return path
